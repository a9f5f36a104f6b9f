import {createHash} from 'node:crypto'
import type {DatasetName} from './name.ts'

/** The user property that marks an empty stand-in. It counts only when set locally. */
export const PLACEHOLDER_PROPERTY = 'zrepl:placeholder'

/**
 * What a locally set `zrepl:placeholder` says about its dataset. `legacy` is a placeholder too: zrepl 0.0.x wrote the
 * hex SHA-512/256 of the dataset's own path instead of `on`. `foreign` is a value that zrepl never writes.
 */
export type PlaceholderState = 'on' | 'off' | 'legacy' | 'foreign'

/** Reads the value of a locally set `zrepl:placeholder` of `dataset`. */
export function readPlaceholderValue(dataset: DatasetName, value: string): PlaceholderState {
  if (value === 'on' || value === 'off') return value
  // Asked of every dataset that is listed, of which next to none has such a value.
  return LEGACY.test(value) && value === legacyPlaceholderValue(dataset) ? 'legacy' : 'foreign'
}

const LEGACY = /^[0-9a-f]{64}$/

function legacyPlaceholderValue(dataset: DatasetName): string {
  return createHash('sha512-256').update(dataset).digest('hex')
}
