import {assert} from '../../../src/lib/core/assert.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {ByteReader, ByteWriter, LentStream, StreamHandle} from '../../../src/lib/core/stream.ts'

/** A kernel pipe: bytes in between, and who may still read and write. Its ends are shared by inheritance, as fds are. */
export type Pipe = {
  readonly chunks: Uint8Array[]
  length: number
  /** Bytes of streams that have ever been written into it: what a count of the kernel's would show. */
  streamed: number
  readonly capacity: number
  readers: number
  writers: number
  /** The network in between has broken: nothing more comes through, what is in the pipe still does. */
  severed: boolean
  waiting: (() => void)[]
}

/** One end as a process has it. */
export type End = {readonly pipe: Pipe; readonly side: 'read' | 'write'; open: boolean}

export function createPipe(capacity: number): {readonly reader: End; readonly writer: End} {
  const pipe: Pipe = {
    chunks: [],
    length: 0,
    streamed: 0,
    capacity,
    readers: 1,
    writers: 1,
    severed: false,
    waiting: [],
  }
  return {reader: {pipe, side: 'read', open: true}, writer: {pipe, side: 'write', open: true}}
}

/** What a child inherits. */
export function duplicate({pipe, side}: End): End {
  if (side === 'read') pipe.readers += 1
  else pipe.writers += 1
  return {pipe, side, open: true}
}

export function closeEnd(end: End): void {
  if (!end.open) return
  end.open = false
  if (end.side === 'read') end.pipe.readers -= 1
  else end.pipe.writers -= 1
  wake(end.pipe)
}

export function sever(pipe: Pipe): void {
  pipe.severed = true
  wake(pipe)
}

/** Who waits at a pipe, and may have to stop waiting: then both throw why. */
export type Waiter = {
  check(): void
  /** Resolves when something has changed at the pipe. */
  change(pipe: Pipe): Promise<void>
}

/** The same, for who works with what was lent: it stops with the reason with which the end is closed. */
export function unlessClosed(waiter: Waiter, {closed}: LentStream): Waiter {
  const check = () => {
    waiter.check()
    closed.throwIfAborted()
  }
  return {
    check,
    async change(pipe) {
      check()
      await waiter.change(pipe)
      check()
    },
  }
}

/** At least one byte and at most `length`, waiting for it; nothing at the end. */
export async function readSome({pipe}: End, length: number, waiter: Waiter): Promise<Uint8Array> {
  while (pipe.length === 0) {
    if (pipe.writers === 0 || pipe.severed) return NOTHING
    await waiter.change(pipe)
  }
  return take(pipe, length)
}

/** The first `length` bytes, waiting for them and leaving them there; fewer at the end. */
export async function peek(pipe: Pipe, length: number, waiter: Waiter): Promise<Uint8Array<ArrayBuffer>> {
  while (pipe.length < length && pipe.writers > 0 && !pipe.severed) await waiter.change(pipe)
  return new Uint8Array(Buffer.concat(pipe.chunks).subarray(0, length))
}

/** As much of `bytes` as fits, at least one, waiting for room; 0 when nobody reads. */
export async function writeSome({pipe}: End, bytes: Uint8Array, waiter: Waiter): Promise<number> {
  while (pipe.readers > 0 && !pipe.severed && pipe.length >= pipe.capacity) await waiter.change(pipe)
  if (pipe.readers === 0 || pipe.severed) return 0
  const count = Math.min(bytes.length, pipe.capacity - pipe.length)
  pipe.chunks.push(bytes.slice(0, count))
  pipe.length += count
  wake(pipe)
  return count
}

const NOTHING = new Uint8Array(0)

function take(pipe: Pipe, length: number): Uint8Array {
  const [first = NOTHING] = pipe.chunks
  const taken = first.length <= length ? first : first.subarray(0, length)
  if (taken.length === first.length) pipe.chunks.shift()
  else pipe.chunks[0] = first.subarray(length)
  pipe.length -= taken.length
  wake(pipe)
  return taken
}

/** Resolves at the next `wake`. */
export function change(pipe: Pipe): Promise<void> {
  return new Promise((resolve) => pipe.waiting.push(resolve))
}

/** Whoever waits looks again: also called when a waiting process is to notice that it must stop. */
export function wake(pipe: Pipe): void {
  if (pipe.waiting.length === 0) return
  const waiting = pipe.waiting.splice(0)
  for (const resolve of waiting) resolve()
}

/** The program's reader on an end of ours, with the manners of the real one. */
export function byteReader(end: End, fdOf: (end: End) => number): ByteReader & {close(reason?: Error): void} {
  const held = holdEnd(end, fdOf)

  async function read(length: number, waiter: Waiter): Promise<Uint8Array | undefined> {
    waiter.check()
    const first = await readSome(end, length, waiter)
    if (first.length === length) return first
    if (first.length === 0) return undefined
    const bytes = new Uint8Array(length)
    bytes.set(first)
    for (let filled = first.length; filled < length; ) {
      waiter.check()
      const some = await readSome(end, length - filled, waiter)
      if (some.length === 0) throw unreachable(`the connection was cut after ${filled} of ${length} bytes`)
      bytes.set(some, filled)
      filled += some.length
    }
    return bytes
  }

  return {
    read: (length, signal) => held.call(signal, (waiter) => read(length, waiter)),
    stream: held.stream,
    close: held.close,
  }
}

/** The program's writer likewise. `onWrite` comes before each write: one is a whole frame. */
export function byteWriter(
  end: End,
  fdOf: (end: End) => number,
  onWrite: () => () => void,
): ByteWriter & {close(reason?: Error): void} {
  const held = holdEnd(end, fdOf)

  async function write(bytes: Uint8Array, waiter: Waiter, taken?: () => void): Promise<void> {
    const written = onWrite()
    for (let at = 0; at < bytes.length; ) {
      waiter.check()
      const count = await writeSome(end, at === 0 ? bytes : bytes.subarray(at), waiter)
      if (count === 0) throw unreachable('the peer closed the connection')
      at += count
      taken?.()
    }
    written()
  }

  return {
    write: (bytes, signal, taken) => held.call(signal, (waiter) => write(bytes, waiter, taken)),
    stream: held.stream,
    close: held.close,
  }
}

/** An end of ours: one call at a time. A call in progress, and who has been lent the stream, keep it open. */
export function holdEnd(end: End, fdOf: (end: End) => number) {
  const closing = new AbortController()
  let busy = false
  let closed = false
  let users = 0

  function leave(): void {
    users -= 1
    if (closed && users === 0) closeEnd(end)
  }

  function lend(): LentStream {
    closing.signal.throwIfAborted()
    assert(!closed && end.open, 'a closed pipe is used')
    users += 1
    let lent = true
    return {
      fd: fdOf(end),
      closed: closing.signal,
      [Symbol.dispose]() {
        if (lent) leave()
        lent = false
      },
    }
  }

  const stream: StreamHandle = {lend}
  return {
    stream,
    async call<T>(signal: AbortSignal, work: (waiter: Waiter) => Promise<T>): Promise<T> {
      assert(!busy, 'two calls at once on one end of a pipe')
      if (closed) throw unreachable('the connection is closed')
      busy = true
      users += 1
      const look = () => wake(end.pipe)
      const check = () => {
        signal.throwIfAborted()
        closing.signal.throwIfAborted()
      }
      try {
        return await work({
          check,
          async change(pipe) {
            check()
            signal.addEventListener('abort', look)
            await change(pipe)
            signal.removeEventListener('abort', look)
            check()
          },
        })
      } finally {
        busy = false
        leave()
      }
    },
    close(because?: Error) {
      closed = true
      if (because !== undefined) closing.abort(because)
      if (users === 0) closeEnd(end)
      else wake(end.pipe)
    },
  }
}

function unreachable(message: string): OperationalError {
  return new OperationalError('peer-unreachable', message, {retryable: true})
}
