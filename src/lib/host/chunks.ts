import {fstatSync} from 'node:fs'
import {type RunContext, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {StreamHandle} from '../core/stream.ts'
import {type KernelStream, kernelStream, type Means} from './kernel-stream.ts'
import {POLL} from './libc.ts'
import {byteReader, byteWriter, type PipeReader, type PipeWriter} from './pipe.ts'
import {untilReady} from './poll.ts'

/** The most in one piece, bytes. */
export const MAX_CHUNK_BYTES = 1024 * 1024
/** The most that is copied at once, bytes. */
const COPIED_BYTES = 64 * 1024
const LENGTH_BYTES = 4
const FIRST_PAUSE_MS = 1
const MAX_PAUSE_MS = 20

/**
 * Passes on what comes from `reader` until its end, in pieces with their length before them (rpc-request.schema.json), so
 * that the other side knows where it ends on a pipe that goes on. Does not say that this was all: that is `writeEnd`.
 * Within Linux pipes the kernel moves the bytes; elsewhere they are copied. Throws `peer-unreachable` when nobody reads,
 * and the reason with which the sink is closed.
 */
export async function writeChunks(
  ctx: RunContext,
  reader: PipeReader,
  sink: StreamHandle,
  {kernel}: Means = {kernel: kernelStream()},
): Promise<void> {
  using from = reader.stream.lend()
  using into = sink.lend()
  const inside = withSignal(ctx, into.closed)
  const writer = byteWriter(into.fd)
  if (kernel === undefined || !fstatSync(into.fd).isFIFO()) return await copyChunks(inside, reader, writer)
  for (;;) {
    await untilReady(from.fd, POLL.in, [inside.signal])
    const bytes = Math.min(kernel.waiting(from.fd), MAX_CHUNK_BYTES)
    // Ready without anything in it: the writer has closed it.
    if (bytes === 0) return
    await writer.write(lengthOf(bytes), inside.signal)
    if ((await move(inside, kernel, {from: from.fd, to: into.fd, bytes})) === 'no-reader')
      throw new OperationalError('peer-unreachable', 'the peer closed the connection', {retryable: true})
  }
}

/** Says that the streams were whole. */
export async function writeEnd(ctx: RunContext, sink: StreamHandle): Promise<void> {
  using lent = sink.lend()
  await byteWriter(lent.fd).write(lengthOf(0), withSignal(ctx, lent.closed).signal)
}

async function copyChunks(ctx: RunContext, reader: PipeReader, writer: PipeWriter): Promise<void> {
  for (;;) {
    const bytes = await reader.readSome(COPIED_BYTES, ctx.signal)
    if (bytes === undefined) return
    await writer.write(lengthOf(bytes.length), ctx.signal)
    await writer.write(bytes, ctx.signal)
  }
}

/**
 * Passes pieces on to `writer` until the end that says that they were all, and takes nothing behind it. `no-reader`: who
 * should read them has gone. Throws `peer-unreachable` when the connection ends before that, `peer-protocol` for what are
 * no pieces, and the reason with which the source is closed.
 */
export async function readChunks(
  ctx: RunContext,
  source: StreamHandle,
  writer: PipeWriter,
  {kernel}: Means = {kernel: kernelStream()},
): Promise<'whole' | 'no-reader'> {
  using from = source.lend()
  using into = writer.stream.lend()
  const inside = withSignal(ctx, from.closed)
  const reader = byteReader(from.fd)
  for (;;) {
    const length = await reader.read(LENGTH_BYTES, inside.signal)
    if (length === undefined) throw cut()
    const bytes = Buffer.from(length).readUInt32BE()
    if (bytes === 0) return 'whole'
    if (bytes > MAX_CHUNK_BYTES)
      throw new OperationalError(
        'peer-protocol',
        `the peer announced a piece of ${bytes} bytes of a compressed stream; at most ${MAX_CHUNK_BYTES} are accepted`,
      )
    const moved =
      kernel === undefined
        ? await copyBytes(inside, reader, writer, bytes)
        : await move(inside, kernel, {from: from.fd, to: into.fd, bytes})
    if (moved === 'no-reader') return moved
  }
}

async function copyBytes(
  ctx: RunContext,
  reader: PipeReader,
  writer: PipeWriter,
  bytes: number,
): Promise<'moved' | 'no-reader'> {
  for (let left = bytes; left > 0; ) {
    const some = await reader.readSome(Math.min(left, COPIED_BYTES), ctx.signal)
    if (some === undefined) throw cut()
    if (!(await isWritten(ctx, writer, some))) return 'no-reader'
    left -= some.length
  }
  return 'moved'
}

async function isWritten(ctx: RunContext, writer: PipeWriter, bytes: Uint8Array): Promise<boolean> {
  try {
    await writer.write(bytes, ctx.signal)
    return true
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof OperationalError) || error.code !== 'peer-unreachable')
      throw error
    return false
  }
}

/** Moves exactly so many bytes from pipe to pipe. Throws `peer-unreachable` when there are fewer. */
async function move(
  ctx: RunContext,
  kernel: KernelStream,
  {from, to, bytes}: {readonly from: number; readonly to: number; readonly bytes: number},
): Promise<'moved' | 'no-reader'> {
  let pauseMs = FIRST_PAUSE_MS
  for (let left = bytes; left > 0; ) {
    ctx.signal.throwIfAborted()
    const moved = kernel.move(from, to, left)
    if (moved === 0) throw cut()
    if (moved === 'no-reader') return moved
    if (moved === 'later') {
      await ctx.clock.sleep(pauseMs, ctx.signal)
      pauseMs = Math.min(1.5 * pauseMs, MAX_PAUSE_MS)
    } else {
      left -= moved
      pauseMs = FIRST_PAUSE_MS
    }
  }
  return 'moved'
}

function cut(): OperationalError {
  return new OperationalError('peer-unreachable', 'the connection was cut within a compressed stream', {
    retryable: true,
  })
}

function lengthOf(bytes: number): Uint8Array {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(bytes)
  return length
}
