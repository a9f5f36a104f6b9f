import type {Clock} from '../core/context.ts'

/** What may come at once: a run over thousands of filesystems has ended, and its spans are told. */
const BURST_BYTES = 32 * 1024 * 1024
const BYTES_PER_SECOND = 2 * 1024 * 1024
/** What a line costs us besides its bytes. */
const LINE_BYTES = 256

/** How much a peer may write on stderr: a bucket that fills with time. */
export type ToldAllowance = {
  /** False when that was too much. */
  take(chunk: Uint8Array): boolean
}

export function createToldAllowance(clock: Pick<Clock, 'monotonic'>): ToldAllowance {
  let left = BURST_BYTES
  let atMs = clock.monotonic()
  return {
    take(chunk) {
      const nowMs = clock.monotonic()
      left = Math.min(BURST_BYTES, left + ((nowMs - atMs) * BYTES_PER_SECOND) / 1000)
      atMs = nowMs
      left -= chunk.length + LINE_BYTES * countOf(chunk, NEWLINE)
      return left >= 0
    },
  }
}

const NEWLINE = 0x0a

function countOf(chunk: Uint8Array, byte: number): number {
  let count = 0
  for (let at = chunk.indexOf(byte); at !== -1; at = chunk.indexOf(byte, at + 1)) count += 1
  return count
}
