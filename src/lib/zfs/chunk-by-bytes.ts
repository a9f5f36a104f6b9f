import {assert, isNonEmpty, type NonEmpty} from '../core/assert.ts'

/** How long one list may become. */
export type ChunkLimits = {readonly maxBytes: number; readonly maxItems: number}

/** All names of one command: Linux allows megabytes, FreeBSD 256 KiB with the environment. The rest is for options. */
export const ARGUMENT_LIMITS: ChunkLimits = {maxBytes: 120 * 1024, maxItems: 512}

/** The one argument of `zfs destroy fs@a,b,c`: Linux allows 128 KiB for a single argument. */
export const COMMA_LIST_LIMITS: ChunkLimits = {maxBytes: 64 * 1024, maxItems: 512}

/**
 * Cuts `items` into lists that fit, in order. `bytesOf` is the length of an item; each costs one byte more, for what
 * separates it from the next. Throws a `Bug` when one item alone does not fit.
 */
export function chunkByBytes<T>(
  items: readonly T[],
  limits: ChunkLimits,
  bytesOf: (item: T) => number,
): readonly NonEmpty<T>[] {
  const chunks: NonEmpty<T>[] = []
  let chunk: T[] = []
  let bytes = 0

  function close(): void {
    if (isNonEmpty(chunk)) chunks.push(chunk)
    chunk = []
    bytes = 0
  }

  for (const item of items) {
    const cost = bytesOf(item) + 1
    assert(cost <= limits.maxBytes, `an item of ${cost} bytes does not fit into ${limits.maxBytes}`)
    if (chunk.length >= limits.maxItems || bytes + cost > limits.maxBytes) close()
    chunk.push(item)
    bytes += cost
  }
  close()
  return chunks
}
