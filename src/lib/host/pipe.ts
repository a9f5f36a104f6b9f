import {closeSync, readSync, writeSync} from 'node:fs'
import {assert} from '../core/assert.ts'
import {OperationalError} from '../core/errors.ts'
import type {ByteReader, ByteWriter, LentStream, StreamHandle} from '../core/stream.ts'
import {openPipe, POLL} from './libc.ts'
import {readiness, untilReady} from './poll.ts'

/** What a pipe that poll calls writable takes without blocking, by POSIX at least 512, on all our systems 4096 bytes. */
const PIPE_BUF = 4096
/** After so many bytes the event loop gets its turn. */
const BYTES_PER_TURN = 1024 * 1024

export type PipeReader = ByteReader &
  Closable & {
    /** Something is there that has not been read, or the end. */
    hasUnread(): boolean
    /** What is there, at least one byte and at most `maxBytes`; `undefined` at the end. */
    readSome(maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined>
  }
export type PipeWriter = ByteWriter & Closable

type Closable = {
  /**
   * Gives the descriptor back; may be called again. A call in progress ends first: a reader's at the latest at the end
   * of the pipe. With a reason it is rejected with it at once. Likewise whoever has been lent the stream.
   */
  close(reason?: Error): void
}

/** A kernel pipe with both ends here. Either end may be handed to a child, which gets a copy of its own. */
export function createPipe(): {readonly reader: PipeReader; readonly writer: PipeWriter} {
  const {readFd, writeFd} = openPipe()
  return {reader: byteReader(readFd), writer: byteWriter(writeFd)}
}

/**
 * Reads exact lengths from `fd` and never ahead. The descriptor stays blocking and is closed by `close` only.
 * Throws `peer-unreachable` when the writer ends in the middle of what was asked for.
 */
export function byteReader(fd: number): PipeReader {
  const end = createEnd(fd)

  async function read(length: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(length)
    let filled = 0
    let turn = 0
    while (filled < length) {
      end.check(signal)
      if (readiness(fd, POLL.in) === 0 || turn >= BYTES_PER_TURN) {
        await untilReady(fd, POLL.in, [signal, end.closing])
        turn = 0
        continue
      }
      const count = attempt(() => readSync(fd, bytes, filled, length - filled, null))
      if (count === 0 && filled === 0) return undefined
      if (count === 0) throw cut(filled, length)
      filled += count
      turn += count
    }
    return bytes
  }

  async function readSome(maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    end.check(signal)
    if (readiness(fd, POLL.in) === 0) await untilReady(fd, POLL.in, [signal, end.closing])
    const bytes = new Uint8Array(maxBytes)
    const count = attempt(() => readSync(fd, bytes, 0, maxBytes, null))
    return count === 0 ? undefined : bytes.subarray(0, count)
  }

  return {
    read: (length, signal) => end.exclusively(() => read(length, signal)),
    readSome: (maxBytes, signal) => end.exclusively(() => readSome(maxBytes, signal)),
    hasUnread: () => end.isOpen() && readiness(fd, POLL.in) !== 0,
    stream: end.stream,
    close: end.close,
  }
}

/**
 * Writes to `fd` without ever blocking the event loop. The descriptor stays blocking and is closed by `close` only.
 * Throws `peer-unreachable` when the reader has gone.
 */
export function byteWriter(fd: number): PipeWriter {
  const end = createEnd(fd)

  async function write(bytes: Uint8Array, signal: AbortSignal, taken?: () => void): Promise<void> {
    let written = 0
    let turn = 0
    while (written < bytes.length) {
      end.check(signal)
      if (readiness(fd, POLL.out) === 0 || turn >= BYTES_PER_TURN) {
        await untilReady(fd, POLL.out, [signal, end.closing])
        turn = 0
        continue
      }
      const count = attempt(() => writeSync(fd, bytes, written, Math.min(PIPE_BUF, bytes.length - written)))
      written += count
      turn += count
      taken?.()
    }
  }

  return {
    write: (bytes, signal, taken) => end.exclusively(() => write(bytes, signal, taken)),
    stream: end.stream,
    close: end.close,
  }
}

type End = {
  /** Raised when a call in progress must give up. */
  readonly closing: AbortSignal
  isOpen(): boolean
  check(signal: AbortSignal): void
  readonly stream: StreamHandle
  exclusively<T>(work: () => Promise<T>): Promise<T>
  close(reason?: Error): void
}

/** One end of a pipe: one call at a time, and the descriptor is not given back under anybody who uses it. */
function createEnd(fd: number): End {
  const closing = new AbortController()
  let open = true
  let busy = false
  let users = 0

  function leave(): void {
    users -= 1
    if (!open && users === 0) closeSync(fd)
  }

  function lend(): LentStream {
    closing.signal.throwIfAborted()
    assert(open, 'a closed pipe is used')
    users += 1
    let lent = true
    return {
      fd,
      closed: closing.signal,
      [Symbol.dispose]() {
        if (lent) leave()
        lent = false
      },
    }
  }

  return {
    closing: closing.signal,
    isOpen: () => open,
    check(signal) {
      signal.throwIfAborted()
      closing.signal.throwIfAborted()
    },
    stream: {lend},
    async exclusively(work) {
      assert(!busy, 'two calls at once on one end of a pipe')
      if (!open) throw new OperationalError('peer-unreachable', 'the connection is closed', {retryable: true})
      busy = true
      users += 1
      try {
        return await work()
      } finally {
        busy = false
        leave()
      }
    },
    close(reason) {
      if (reason !== undefined) closing.abort(reason)
      if (open && users === 0) closeSync(fd)
      open = false
    },
  }
}

/** A read or write that poll has promised, with its errors in our words. */
function attempt(transfer: () => number): number {
  try {
    return transfer()
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code === 'EPIPE' || code === 'ECONNRESET') {
      throw new OperationalError('peer-unreachable', 'the peer closed the connection', {
        retryable: true,
        cause: error,
      })
    }
    throw new OperationalError('host', `cannot use a pipe: ${code}`, {cause: error})
  }
}

function cut(filled: number, length: number): OperationalError {
  return new OperationalError(
    'peer-unreachable',
    `the connection was cut after ${filled} of ${length} bytes`,
    {retryable: true},
  )
}
