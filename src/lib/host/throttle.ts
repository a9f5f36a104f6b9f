import {type RunContext, withSignal} from '../core/context.ts'
import type {ByteWriter} from '../core/stream.ts'
import type {Throttle} from '../zfs-client/limit-sends.ts'
import {byteWriter, createPipe, type PipeReader} from './pipe.ts'

/** The most that is passed on at once, bytes. */
const MAX_CHUNK_BYTES = 64 * 1024

export type BandwidthLimit = {
  readonly bytesPerSecond: number
  /** How much may pass at once after a pause, bytes. */
  readonly bucketBytes: number
}

/** A throttle for all streams that go through it together. */
export function createThrottle(limit: BandwidthLimit): Throttle {
  const take = createTokenBucket(limit)
  const chunkBytes = Math.min(MAX_CHUNK_BYTES, limit.bucketBytes)

  async function relay(ctx: RunContext, from: PipeReader, to: ByteWriter): Promise<void> {
    for (;;) {
      const bytes = await from.readSome(chunkBytes, ctx.signal)
      if (bytes === undefined) return
      await take(ctx, bytes.length)
      await to.write(bytes, ctx.signal)
    }
  }

  return async (ctx, sink, write) => {
    const {reader, writer} = createPipe()
    const stop = new AbortController()
    const relaying = withSignal(ctx, AbortSignal.any([ctx.signal, stop.signal]))
    // Whoever writes into a pipe without a reader is told so.
    const relayed = relay(relaying, reader, byteWriter(sink.fd)).finally(() => reader.close())
    relayed.catch(() => {})
    try {
      const result = await write(writer.stream)
      writer.close()
      await relayed
      return result
    } catch (error) {
      stop.abort(error)
      await relayed.catch(() => {})
      throw error
    } finally {
      writer.close()
    }
  }
}

/** Resolves when `bytes` may pass. Whoever takes more than there is waits for as long as it takes to come in. */
export function createTokenBucket({bytesPerSecond, bucketBytes}: BandwidthLimit) {
  let tokens = bucketBytes
  let at: number | undefined
  return async ({clock, signal}: RunContext, bytes: number): Promise<void> => {
    const now = clock.monotonic()
    tokens = Math.min(bucketBytes, tokens + ((now - (at ?? now)) * bytesPerSecond) / 1000) - bytes
    at = now
    if (tokens < 0) await clock.sleep((-tokens * 1000) / bytesPerSecond, signal)
  }
}
