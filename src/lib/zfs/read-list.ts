import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {ListQuery} from './client.ts'
import {forEachRow} from './for-each-row.ts'
import {
  type DatasetName,
  MAX_NAME_BYTES,
  parseComponent,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
} from './name.ts'
import {createQueryScope, type Scope} from './query-scope.ts'
import {byCreatetxg, shortName, type Version} from './version.ts'

/**
 * Reads what `listVersionsCommand(query)` printed, decoded as latin1: the versions by dataset, each list in order of
 * createtxg. A dataset without versions has no entry.
 *
 * Rows below a root that was not to be listed recursively are left out. Throws `zfs-output` on anything else that was
 * not asked for, is not understood, or cannot be: a name twice, two snapshots of a dataset with one createtxg.
 */
export function readList(stdout: string, query: ListQuery): ReadonlyMap<DatasetName, readonly Version[]> {
  const scopeOf = createQueryScope(query)
  const histories = new Map<string, History>()

  function historyOf(text: string): History {
    const known = histories.get(text)
    if (known !== undefined) return known
    const dataset = parseDatasetName(text)
    const history: History = {dataset, scope: scopeOf(dataset), versions: []}
    histories.set(text, history)
    return history
  }

  forEachRow('zfs list', stdout, 6, (fields) => {
    const [fullName = ''] = fields
    const delimiter = fullName.search(/[@#]/)
    const history = historyOf(delimiter === -1 ? fullName : fullName.slice(0, delimiter))
    if (history.scope === 'outside') return 'this dataset was not asked for'
    if (history.scope === 'below' || delimiter === -1) return undefined
    if (fullName.length > MAX_NAME_BYTES) return `longer than ${MAX_NAME_BYTES} bytes`

    const name = parseComponent(fullName.slice(delimiter + 1))
    const version = versionOf(history.dataset, fullName[delimiter] === '@', name, fields)
    if (typeof version === 'string') return version
    history.versions.push(version)
    return undefined
  })

  return inOrder(histories.values())
}

type History = {readonly dataset: DatasetName; readonly scope: Scope; readonly versions: Version[]}

/** A version from its row, or what is wrong with it. */
function versionOf(
  filesystem: DatasetName,
  isSnapshot: boolean,
  name: string,
  fields: readonly string[],
): Version | string {
  const guid = parseGuid(fields[1] ?? '')
  const createtxg = parseCreatetxg(fields[2] ?? '')
  const creation = parseCreation(fields[3] ?? '')
  if (creation === undefined) return 'bad creation'
  if (!isSnapshot) {
    if (fields[4] !== '-') return 'a bookmark with userrefs'
    if (fields[5] !== '-') return 'a bookmark with clones'
    return {kind: 'bookmark', filesystem, name, guid, createtxg, creation}
  }
  const userrefs = parseUserrefs(fields[4] ?? '')
  if (userrefs === undefined) return 'bad userrefs'
  const clones = parseClones(fields[5] ?? '')
  const common = {filesystem, name, guid, createtxg, creation, userrefs}
  return clones === undefined ? {kind: 'snapshot', ...common} : {kind: 'snapshot', ...common, clones}
}

function inOrder(histories: Iterable<History>): ReadonlyMap<DatasetName, readonly Version[]> {
  const ordered = new Map<DatasetName, readonly Version[]>()
  for (const {dataset, versions} of histories) {
    if (versions.length === 0) continue
    const sorted = versions.sort(byCreatetxg)
    const problem = problemOfHistory(dataset, sorted)
    if (problem !== undefined) throw new OperationalError('zfs-output', `zfs list printed ${problem}`)
    ordered.set(dataset, sorted)
  }
  return ordered
}

function problemOfHistory(dataset: DatasetName, sorted: readonly Version[]): string | undefined {
  const seen = {snapshot: new Set<string>(), bookmark: new Set<string>()}
  for (const [index, version] of sorted.entries()) {
    if (isTwin(version, sorted[index + 1])) {
      return `two snapshots of ${quoted(dataset)} with createtxg ${version.createtxg}`
    }
    if (seen[version.kind].has(version.name)) return `${quoted(`${dataset}${shortName(version)}`)} twice`
    seen[version.kind].add(version.name)
  }
  return undefined
}

/** ZFS never puts two snapshots of one dataset into one transaction group. */
function isTwin(version: Version, next: Version | undefined): boolean {
  return version.kind === 'snapshot' && next?.kind === 'snapshot' && version.createtxg === next.createtxg
}

/** Farther than this from 1970 there are no dates. */
const MAX_SECONDS = 8_640_000_000_000n

/** Seconds since 1970. A clock before 1970 gives a uint64 that means a negative number. */
function parseCreation(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return undefined
  if (text.length <= 12) return Number(text)
  const seconds = BigInt.asIntN(64, BigInt(text))
  return seconds >= -MAX_SECONDS && seconds <= MAX_SECONDS ? Number(seconds) : undefined
}

/** Pools too old to know holds print `-` for their snapshots. */
function parseUserrefs(text: string): number | undefined {
  if (text === '-') return 0
  return /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : undefined
}

/** Long enough for some names; nobody reads those of a thousand. */
const MAX_CLONES_LENGTH = 512

/** Between commas, as printed; of many the first and how many more. `undefined` for none. */
function parseClones(text: string): string | undefined {
  if (text === '-' || text === '') return undefined
  if (text.length <= MAX_CLONES_LENGTH) return text
  const names = text.split(',')
  return `${names[0]?.slice(0, MAX_NAME_BYTES)} and ${names.length - 1} more`
}
