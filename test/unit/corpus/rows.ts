import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {outcomeOf, type Target} from '../fuzz/target.ts'

/** A bad input, or one that must be taken, with what is required of the program. */
export type Row = {
  /** Number of the input in the list of bad inputs, and what it is. */
  readonly id: string
  /** The name of the parser, in `test/unit/fuzz/targets.ts`; or `executable`, whose input is a script (`test/script/corpus`). */
  readonly target: string
  /** Text, in which a character is a byte where bytes matter; what is repeated in it; or a value, as JSON. */
  readonly input: unknown
  /** A pattern for the words of the refusal. */
  readonly refused?: string
  /** At least this has to be in the answer. */
  readonly accepted?: unknown
}

/** The table of bad inputs: a row for each one the field, or a fuzzer, has found. */
export function readRows(): readonly Row[] {
  const directory = join(import.meta.dirname, '..', '..', 'corpus')
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as readonly Row[])
}

/** What the parser is given. */
function textOf({input}: Row): string {
  if (typeof input === 'string') return input
  const {before = '', repeat, times, after = ''} = input as Repeated
  return repeat === undefined || times === undefined
    ? JSON.stringify(input)
    : before + repeat.repeat(times) + after
}

type Repeated = {
  readonly before?: string
  readonly repeat?: string
  readonly times?: number
  readonly after?: string
}

/** What a row requires and does not get; `undefined` when it does. Throws what its parser must not throw. */
export async function shortcomingOf(row: Row, targets: readonly Target[]): Promise<string | undefined> {
  const target = targets.find(({name}) => name === row.target)
  if (target === undefined) return `no parser is called ${row.target}`
  const outcome = await outcomeOf(target, textOf(row))
  const {refused, accepted} = row
  const fits =
    'refused' in outcome
      ? refused !== undefined && new RegExp(refused).test(outcome.refused)
      : accepted !== undefined && contains(plain(outcome.answer), accepted)
  return fits
    ? undefined
    : `${JSON.stringify(plain(outcome))} instead of ${JSON.stringify({refused, accepted})}`
}

/** Maps as records, numbers too long for JSON as text: what a row can say. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, part) => {
    if (typeof part === 'bigint') return part.toString()
    return part instanceof Map ? Object.fromEntries(part) : part
  })
  return JSON.parse(text)
}

function contains(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return whole === part
  if (typeof whole !== 'object' || whole === null) return false
  if (Array.isArray(part) && (whole as readonly unknown[]).length !== part.length) return false
  return Object.entries(part).every(([key, value]) =>
    contains((whole as Record<string, unknown>)[key], value),
  )
}
