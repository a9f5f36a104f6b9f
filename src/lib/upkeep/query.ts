import {ABSTRACTION_TYPES, type AbstractionType} from '../abstraction/abstraction.ts'
import {type JobId, parseJobId} from '../abstraction/job-id.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {type Filter, parseFilter} from '../scope/filter.ts'
import {NameError} from '../zfs/name.ts'

/** Which of our objects are meant. */
export type Query = {
  readonly filter: Filter
  readonly types: ReadonlySet<AbstractionType>
  /** `undefined`: of every job and of none. With a job, what names no job is left out. */
  readonly jobId: JobId | undefined
}

/** The words of a command line that narrow a query; all `undefined` or empty: everything of ours on this host. */
export type QueryWords = {
  /** Patterns as in a job's `filesystems`: each `tank/a` or `tank/a<`. */
  readonly filesystems?: readonly string[] | undefined
  /** zrepl's `--fs`: one pattern, or `PATTERN:ok,PATTERN:!,…`. */
  readonly fs?: string | undefined
  readonly types?: readonly string[] | undefined
  readonly job?: string | undefined
}

/** Reads what was asked for. Throws `usage`. */
export function parseQuery({filesystems = [], fs, types, job}: QueryWords): Query {
  return {
    filter: filterOf(fs === undefined ? accepting(filesystems) : parseFsFlag(fs)),
    types: new Set(types === undefined ? ABSTRACTION_TYPES : types.map(parseType)),
    jobId: job === undefined ? undefined : parseJobWord(job),
  }
}

/** Reads the name of a job on the command line. Throws `usage`. */
export function parseJobWord(job: string): JobId {
  try {
    return parseJobId(job)
  } catch (error) {
    if (error instanceof NameError) throw new OperationalError('usage', error.message)
    throw error
  }
}

function accepting(patterns: readonly string[]): ReadonlyMap<string, boolean> {
  return new Map((patterns.length === 0 ? ['<'] : patterns).map((pattern) => [pattern, true]))
}

/** A colon may be part of a dataset's name, so the last one counts. */
function parseFsFlag(text: string): ReadonlyMap<string, boolean> {
  if (!/:(ok|!)(,|$)/.test(text)) return accepting([text])
  const pairs = text.split(',').map((pair) => /^(.+):(ok|!)$/.exec(pair) ?? badPair(pair))
  return new Map(pairs.map(([, pattern = '', word]) => [pattern, word === 'ok']))
}

function badPair(pair: string): never {
  throw new OperationalError('usage', `--fs: ${quoted(pair)} is not PATTERN:ok or PATTERN:!`)
}

function filterOf(patterns: ReadonlyMap<string, boolean>): Filter {
  try {
    return parseFilter(patterns)
  } catch (error) {
    throw new OperationalError('usage', error instanceof Error ? error.message : String(error))
  }
}

function parseType(text: string): AbstractionType {
  const type = ABSTRACTION_TYPES.find((type) => type === text)
  if (type !== undefined) return type
  throw new OperationalError('usage', `there is no type ${quoted(text)}`, {
    hint: `the types are ${ABSTRACTION_TYPES.join(', ')}`,
  })
}
