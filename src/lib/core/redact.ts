import type {Fields} from './context.ts'

/**
 * What must not be repeated in any text that leaves the program, be it a log line, a trace, a report or an error: resume
 * tokens as a whole, which say what is in a dataset (threat T21), and the password in a URL. The beginning of a token stays, so that
 * it can be told from another one.
 */
export function redacted(text: string): string {
  return text.replace(TOKEN, (token) => `${token.slice(0, SHOWN)}…`).replace(USER_INFO, '$1…@')
}

/**
 * Version, checksum, length and payload as `decodeResumeToken` takes them. The payload is a zlib stream, whose first two bytes are
 * one of these, and the beginning of one that was cut says as much as there is of it; names of datasets, `vm-1-2-3-4`, look
 * like the rest.
 */
const TOKEN = /\b1-[0-9a-f]{1,16}-[0-9a-f]{1,8}-78(?:01|5e|9c|da)[0-9a-f]{8,}/g
const SHOWN = 12
const USER_INFO = /(:\/\/[^/\s:@]*:)[^/\s@]+@/g

/** The same with whatever of `fields` is text. */
export function redactedFields(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, redactedValue(value)]))
}

function redactedValue(value: Fields[string]): Fields[string] {
  if (typeof value === 'string') return redacted(value)
  return Array.isArray(value) ? value.map(redacted) : value
}

/** A line of a configuration file with stars for what only its owner may know, of the same length. */
export function withSecretsHidden(line: string): string {
  const stars = (_: string, key: string, value: string) => `${key}${'*'.repeat(value.length)}`
  return ON_ITS_OWN.test(line) ? line.replace(ON_ITS_OWN, stars) : line.replace(AMONG_OTHERS, stars)
}

/** The values of `dsn` and `url`: all that follows on a line of its own, or up to the next key within braces. */
const ON_ITS_OWN = /^(\s*(?:-\s+)*["']?(?:dsn|url)["']?\s*:\s*)(.+)$/
const AMONG_OTHERS = /(\b(?:dsn|url)["']?\s*:\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,{}[\]][^,}\]]*)/g
