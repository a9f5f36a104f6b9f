import type {EndedSpan, Fields, LogLevel} from '../core/context.ts'

/** What the passive side tells beside its answers. Shapes: schemas/rpc-told.schema.json. */
export type Told =
  | {readonly told: 'heartbeat'}
  | {readonly told: 'log'; readonly level: LogLevel; readonly message: string; readonly fields: Fields}
  | ({readonly told: 'span'} & Omit<EndedSpan, 'host'>)

/** Limits of the schema, UTF-16 units. */
const MAX_WORD = 2048
const MAX_ANNOTATION = 200
const MAX_WORDS = 64
const MAX_FIELDS = 40
/** What a reader takes for one line, bytes. */
const MAX_LINE_BYTES = 60 * 1024

/** The line for stderr, newline included. What is too long is cut; of a line that is too long as a whole, the facts are. */
export function formatTold(told: Told): string {
  const line = lineOf(told)
  if (told.told === 'heartbeat' || Buffer.byteLength(line) <= MAX_LINE_BYTES) return line
  return lineOf({...told, fields: {cut: true}})
}

function lineOf(told: Told): string {
  return `${JSON.stringify(within(told))}\n`
}

function within(told: Told): object {
  switch (told.told) {
    case 'heartbeat':
      return told
    case 'log':
      return {...told, message: cut(told.message), fields: fieldsWithin(told.fields)}
    case 'span': {
      const annotation = cut(told.annotation, MAX_ANNOTATION)
      return {...told, annotation, fields: fieldsWithin(told.fields)}
    }
  }
}

function fieldsWithin(fields: Fields): object {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .slice(0, MAX_FIELDS)
      .map(([key, value]) => [key, valueWithin(value)]),
  )
}

function valueWithin(value: Fields[string]): unknown {
  if (typeof value === 'string') return cut(value)
  if (typeof value === 'bigint') return value.toString()
  if (!Array.isArray(value)) return value
  const words = value.map((word) => cut(word))
  if (words.length <= MAX_WORDS) return words
  return [...words.slice(0, MAX_WORDS - 1), `and ${words.length - MAX_WORDS + 1} more`]
}

function cut(text: string, max = MAX_WORD): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`
}
