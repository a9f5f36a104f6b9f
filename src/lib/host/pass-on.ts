import {fstatSync} from 'node:fs'
import {type RunContext, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {ByteWriter, Inspect, OutgoingStream, Pace, StreamHandle} from '../core/stream.ts'
import {inspectPipe} from './inspect-incoming.ts'
import {type KernelStream, kernelStream, type Means} from './kernel-stream.ts'
import {enlargePipe, resizePipe} from './libc.ts'
import {byteReader, byteWriter, createPipe, type PipeReader} from './pipe.ts'

/** The most that is moved at once, bytes: what a pipe of ours holds. */
const MOVED_BYTES = 2 * 1024 * 1024
/** The most that is copied at once, bytes. */
const COPIED_BYTES = 64 * 1024
/** Long enough for what a pipe of ours holds to come through, even at 1 GB/s. */
const FIRST_PAUSE_MS = 1
const MAX_PAUSE_MS = 20

/** A pipe for one program to write its stream into, or to read one from. The other end is in our hands. */
export type Passage = {
  readonly direction: 'from-program' | 'to-program'
  /** For the program, which gets a copy of its own. */
  readonly stream: StreamHandle
  /**
   * To be called once the program has the pipe. Inspects the stream, then passes it on to its sink until the program has
   * closed the pipe. `ended`: it was over before it could be admitted, and nothing was passed on. `cut`: nobody reads the
   * sink. Rejects when the stream is refused, and nothing was passed on. The program writes into a broken pipe then. Rejects
   * too when the sink, or the source, is closed with a reason: with that, and at once.
   */
  run(ctx: RunContext): Promise<Passed>
  /** How many bytes have been passed on so far. */
  moved(): bigint
  /** Gives the pipe back where there is no program. May be called again. */
  close(): void
}

export type Passed = 'whole' | 'ended' | 'cut'

/**
 * Lays a pipe in front of `stream.sink`. Within Linux pipes the bytes are moved by the kernel and never seen by us; without
 * `kernel`, and into a socket, they are copied.
 */
export function openPassage(stream: OutgoingStream, {kernel}: Means = {kernel: kernelStream()}): Passage {
  const {reader, writer} = createPipe()
  const {sink, inspect, pace, bufferBytes} = stream
  if (bufferBytes !== undefined) resize(writer.stream, bufferBytes)
  const count = createCount()

  async function pass(ctx: RunContext): Promise<Passed> {
    using from = reader.stream.lend()
    using into = sink.lend()
    const inside = withSignal(ctx, into.closed)
    if (kernel === undefined || !fstatSync(into.fd).isFIFO())
      return await copy(inside, reader, byteWriter(into.fd), stream, count)
    if ((await inspectPipe(inside, kernel, from.fd, inspect)) === 'ended') return 'ended'
    enlargePipe(into.fd)
    return await move(inside, kernel, {from: from.fd, to: into.fd, pace, count})
  }

  return {
    direction: 'from-program',
    stream: writer.stream,
    async run(ctx) {
      writer.close()
      try {
        return await pass(ctx)
      } finally {
        reader.close()
      }
    },
    moved: count.bytes,
    close() {
      writer.close()
      reader.close()
    },
  }
}

/**
 * Lays a pipe behind `source`, whose stream has been admitted, so that a program cannot read faster than `pace`. Nobody
 * but the program knows where the stream ends: run it until the program has ended. What has followed the stream by then
 * may be lost.
 */
export function openPacedPassage(
  {source, pace}: {readonly source: StreamHandle; readonly pace: Pace},
  {kernel}: Means = {kernel: kernelStream()},
): Passage {
  const {reader, writer} = createPipe()
  const count = createCount()
  return {
    direction: 'to-program',
    stream: reader.stream,
    async run(ctx) {
      reader.close()
      try {
        using from = source.lend()
        using into = writer.stream.lend()
        const inside = withSignal(ctx, from.closed)
        if (kernel !== undefined) return await move(inside, kernel, {from: from.fd, to: into.fd, pace, count})
        return await copyOn(inside, byteReader(from.fd), writer, {pace, count})
      } finally {
        writer.close()
      }
    },
    moved: count.bytes,
    close() {
      writer.close()
      reader.close()
    },
  }
}

function resize(stream: StreamHandle, bytes: number): void {
  using lent = stream.lend()
  resizePipe(lent.fd, bytes)
}

type Count = {add(bytes: number): void; bytes(): bigint}

function createCount(): Count {
  let sum = 0n
  return {
    add(bytes) {
      sum += BigInt(bytes)
    },
    bytes: () => sum,
  }
}

type Through = {readonly pace: Pace | undefined; readonly count: Count}

async function move(
  ctx: RunContext,
  kernel: KernelStream,
  {from, to, pace, count}: {readonly from: number; readonly to: number} & Through,
): Promise<Passed> {
  let allowed = 0
  let pauseMs = FIRST_PAUSE_MS
  for (;;) {
    if (pace !== undefined && allowed === 0) {
      allowed = Math.min(kernel.waiting(from), pace.chunkBytes)
      if (allowed > 0) await pace.take(ctx, allowed)
    }
    ctx.signal.throwIfAborted()
    // A paced stream that is not there yet is asked for a byte: so its end is met.
    const moved = kernel.move(from, to, pace === undefined ? MOVED_BYTES : Math.max(allowed, 1))
    if (moved === 0) return 'whole'
    if (moved === 'no-reader') return 'cut'
    if (moved === 'later') pauseMs = Math.min(1.5 * pauseMs, MAX_PAUSE_MS)
    else {
      count.add(moved)
      if (moved > allowed) await pace?.take(ctx, moved - allowed)
      allowed = Math.max(allowed - moved, 0)
      pauseMs = FIRST_PAUSE_MS
    }
    await ctx.clock.sleep(pauseMs, ctx.signal)
  }
}

async function copy(
  ctx: RunContext,
  reader: PipeReader,
  writer: ByteWriter,
  {inspect, pace}: OutgoingStream,
  count: Count,
): Promise<Passed> {
  const head = await readHead(ctx, reader, inspect)
  return head === undefined ? 'ended' : await copyOn(ctx, reader, writer, {pace, count}, head)
}

/** Copies until the reader's end, `head` first. */
async function copyOn(
  ctx: RunContext,
  reader: PipeReader,
  writer: ByteWriter,
  {pace, count}: Through,
  head?: Uint8Array,
): Promise<Passed> {
  const some = () => reader.readSome(Math.min(COPIED_BYTES, pace?.chunkBytes ?? COPIED_BYTES), ctx.signal)
  try {
    for (let bytes = head ?? (await some()); bytes !== undefined; bytes = await some()) {
      await pace?.take(ctx, bytes.length)
      await writer.write(bytes, ctx.signal)
      count.add(bytes.length)
    }
    return 'whole'
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof OperationalError) || error.code !== 'peer-unreachable')
      throw error
    return 'cut'
  }
}

/** As much of the stream as `inspect` has to see; `undefined` when it is over before that. */
async function readHead(
  ctx: RunContext,
  reader: PipeReader,
  inspect: Inspect,
): Promise<Uint8Array | undefined> {
  let head = new Uint8Array(0)
  for (;;) {
    const inspection = inspect(head)
    if (inspection.kind === 'admitted') return head
    const some = await reader.readSome(inspection.bytes - head.length, ctx.signal)
    if (some === undefined) return undefined
    head = new Uint8Array(Buffer.concat([head, some]))
  }
}
