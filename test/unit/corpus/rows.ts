import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

/** A bad input, or one that must be taken, with what is required of the program. */
export type Row = {
  /** Number of the input in the list of bad inputs, and what it is. */
  readonly id: string
  /** The name of the parser, in `test/unit/fuzz/targets.ts`. */
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
export function textOf({input}: Row): string {
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
