import {type RunContext, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {IncomingStream, Inspect, LentStream} from '../core/stream.ts'
import {type KernelStream, kernelStream} from './kernel-stream.ts'
import {POLL, resizePipe} from './libc.ts'
import {readiness, untilReady} from './poll.ts'

/** `POLLRDHUP` of Linux: the other half of a socket has been shut down. */
const READ_HANG_UP = 0x2000
const FIRST_PAUSE_MS = 1
const MAX_PAUSE_MS = 20

/**
 * Returns when a stream has been admitted, with as much room in its pipe as it is to have. Throws what it is refused with,
 * `receive-failed` when there is none, and the reason with which its end is closed.
 */
export async function admit(ctx: RunContext, stream: IncomingStream): Promise<void> {
  using lent = stream.source.lend()
  if (stream.bufferBytes !== undefined) resizePipe(lent.fd, stream.bufferBytes)
  if ((await inspectIncoming(withSignal(ctx, lent.closed), lent, stream.inspect)) !== 'ended') return
  throw new OperationalError('receive-failed', 'cannot receive: the stream ended before its first record', {
    retryable: true,
  })
}

/**
 * Shows `inspect` the beginning of a stream that stays in its pipe as a whole. `ended`: it is over before `inspect` had
 * seen enough. `unseen`: this system has no way to look without taking. Throws what `inspect` throws.
 */
async function inspectIncoming(
  ctx: RunContext,
  {fd}: LentStream,
  inspect: Inspect,
): Promise<'admitted' | 'ended' | 'unseen'> {
  const kernel = kernelStream()
  return kernel === undefined ? 'unseen' : await inspectPipe(ctx, kernel, fd, inspect)
}

/** The same for a pipe of ours. */
export async function inspectPipe(
  ctx: RunContext,
  kernel: KernelStream,
  fd: number,
  inspect: Inspect,
): Promise<'admitted' | 'ended'> {
  let head: Uint8Array = new Uint8Array(0)
  for (;;) {
    const inspection = inspect(head)
    if (inspection.kind === 'admitted') return 'admitted'
    if (!(await untilWaiting(ctx, kernel, fd, inspection.bytes))) return 'ended'
    head = kernel.peek(fd, inspection.bytes)
  }
}

/** Resolves with true when so many bytes lie in `fd`; with false when there will never be as many. */
async function untilWaiting(
  {signal, clock}: RunContext,
  kernel: KernelStream,
  fd: number,
  bytes: number,
): Promise<boolean> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    signal.throwIfAborted()
    // In this order: what is there once the writer has gone is all there will be.
    const state = readiness(fd, POLL.in | READ_HANG_UP)
    const waiting = kernel.waiting(fd)
    if (waiting >= bytes) return true
    if (state === 0) await untilReady(fd, POLL.in, [signal])
    else if (waiting === 0 || state !== POLL.in) return false
    else await clock.sleep(pauseMs, signal)
  }
}
