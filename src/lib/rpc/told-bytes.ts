import type {Fields} from '../core/context.ts'

/** What an object costs besides its words, bytes. */
const OBJECT_BYTES = 200
/** What a field costs besides its words. */
const FIELD_BYTES = 50

/** About what it takes to keep what a peer has told, in bytes: `words` are those beside its fields. */
export function toldBytes(words: readonly string[], fields: Fields): number {
  return Object.entries(fields).reduce(
    (sum, [key, value]) => sum + FIELD_BYTES + key.length + lengthOf(value),
    OBJECT_BYTES + words.join('').length,
  )
}

function lengthOf(value: Fields[string]): number {
  if (typeof value === 'string') return value.length
  return Array.isArray(value) ? value.reduce((sum, word: string) => sum + FIELD_BYTES + word.length, 0) : 0
}
