import type {RunContext} from '../core/context.ts'
import type {Pace} from '../core/stream.ts'

/** So many chunks a second keep a slow stream smooth, as long as they are no smaller than a page. */
const CHUNKS_PER_SECOND = 50
const MIN_CHUNK_BYTES = 4096
const MAX_CHUNK_BYTES = 1024 * 1024

export type BandwidthLimit = {
  readonly bytesPerSecond: number
  /** How much may pass at once after a pause, bytes. */
  readonly bucketBytes: number
}

/** A token bucket for all streams that share it. Whoever takes more than there is waits for as long as it takes to come in. */
export function createPace({bytesPerSecond, bucketBytes}: BandwidthLimit): Pace {
  let tokens = bucketBytes
  let at: number | undefined
  const smooth = Math.max(MIN_CHUNK_BYTES, Math.floor(bytesPerSecond / CHUNKS_PER_SECOND))
  return {
    chunkBytes: Math.min(smooth, bucketBytes, MAX_CHUNK_BYTES),
    async take({clock, signal}: RunContext, bytes) {
      const now = clock.monotonic()
      tokens = Math.min(bucketBytes, tokens + ((now - (at ?? now)) * bytesPerSecond) / 1000) - bytes
      at = now
      if (tokens < 0) await clock.sleep((-tokens * 1000) / bytesPerSecond, signal)
    },
  }
}
