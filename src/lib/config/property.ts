import {quoted} from '../core/printable.ts'
import {PLACEHOLDER_PROPERTY} from '../zfs/placeholder.ts'

const MAX_NAME = 256
const MAX_VALUE_BYTES = 8192

/** Reads the name of a ZFS property that `recv.properties` may set, with zrepl's rules. Throws an `Error`. */
export function parsePropertyName(text: string): string {
  if (text.startsWith('-')) throw bad('name', text, 'it starts with -')
  if (text.length > MAX_NAME) throw bad('name', text, `it is longer than ${MAX_NAME} characters`)
  if (!/^[0-9A-Za-z_.:-]+$/.test(text)) {
    throw bad('name', text, 'only letters, digits and - _ . : are allowed')
  }
  if (text === PLACEHOLDER_PROPERTY) throw bad('name', text, 'it is how zrepl knows its placeholders')
  return text
}

/** Reads the value of a ZFS property. Throws an `Error` for what ZFS would refuse or listings could not show. */
export function parsePropertyValue(text: string): string {
  if (/\p{Cc}/u.test(text)) throw bad('value', text, 'it contains a control character')
  if (new TextEncoder().encode(text).length >= MAX_VALUE_BYTES) {
    throw bad('value', text, `it has ${MAX_VALUE_BYTES} bytes or more`)
  }
  return text
}

function bad(what: string, text: string, problem: string): Error {
  return new Error(`bad property ${what} ${quoted(text)}: ${problem}`)
}
