import type {RunContext} from '../../../src/lib/core/context.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {IncomingStream, Inspect, OutgoingStream, StreamHandle} from '../../../src/lib/core/stream.ts'
import type {ProgramResult} from '../../../src/lib/zfs-client/run-program.ts'
import {createStreamReader} from '../stream.ts'
import {type Answer, complained, SILENT} from '../zfs/answer.ts'
import {
  applyBlock,
  beginReceive,
  commitReceive,
  interruptReceive,
  type Receiving,
  readReceiveWords,
} from '../zfs/receive.ts'
import {prepareSend} from '../zfs/send.ts'
import type {Entry} from './entry.ts'
import {
  change,
  closeEnd,
  duplicate,
  type End,
  peek,
  readSome,
  unlessClosed,
  type Waiter,
  wake,
  writeSome,
} from './pipe.ts'
import {type Director, faultOf, resultOf} from './program.ts'

/** `zfs send` into a pipe, once its stream is admitted. It ends by itself, when nobody reads, or when it is stopped. */
export async function sendStream(
  ctx: RunContext,
  stdout: OutgoingStream,
  entry: Entry,
  director: Director,
): Promise<ProgramResult> {
  const {host} = entry.process
  const sending = prepareSend(host, entry.argv.slice(1))
  if ('exitCode' in sending) return resultOf(sending)
  const full = `${sending.ends.dataset}@${sending.to.name}`
  const bytes = damaged(entry, sending.bytes)
  entry.streamBytes = bytes.length
  const cutAt = faultOf(entry, 'cut')?.bytes
  const diesAt = faultOf(entry, 'die')?.bytes
  const slow = faultOf(entry, 'slow')
  const limit = Math.min(cutAt ?? bytes.length, diesAt ?? bytes.length, bytes.length)
  sending.to.longHolds += 1
  try {
    // What is not admitted stays with the program, which is stopped.
    if (!isAdmitted(stdout.inspect, bytes.subarray(0, limit)))
      return diesAt === undefined ? resultOf(SILENT) : STOPPED
    using lent = stdout.sink.lend()
    return await asChild(ctx, entry, director.endOf(lent.fd), async (end, childs) => {
      const waiter = unlessClosed(childs, lent)
      for (let at = 0; at < limit; ) {
        if (slow !== undefined) await director.wait(slow.ms)
        waiter.check()
        const piece = slow === undefined ? limit : Math.min(limit, at + SLOW_BYTES)
        const count = await writeSome(end, bytes.subarray(at, piece), waiter)
        if (count === 0) return resultOf(complained([`warning: cannot send '${full}': Broken pipe`]))
        end.pipe.streamed += count
        at += count
      }
      if (cutAt !== undefined) director.sever()
      if (diesAt !== undefined) return STOPPED
      return cutAt === undefined
        ? resultOf(SILENT)
        : resultOf(complained([`warning: cannot send '${full}': Broken pipe`]))
    })
  } finally {
    sending.to.longHolds -= 1
  }
}

/** One record after the other. */
const SLOW_BYTES = 312

function damaged(entry: Entry, bytes: Uint8Array): Uint8Array {
  const at = faultOf(entry, 'flip')?.byte
  if (at === undefined || at >= bytes.length) return bytes
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 0x10
  return copy
}

/** False when the stream is over before `inspect` had seen enough. Throws what it is refused with. */
function isAdmitted(inspect: Inspect, stream: Uint8Array): boolean {
  let inspection = inspect(new Uint8Array(0))
  while (inspection.kind === 'more' && inspection.bytes <= stream.length)
    inspection = inspect(stream.subarray(0, inspection.bytes))
  return inspection.kind === 'admitted'
}

/** `zfs receive` from a pipe, of which it reads one stream and not a byte more. */
export async function receiveStream(
  ctx: RunContext,
  stdin: IncomingStream,
  entry: Entry,
  director: Director,
): Promise<ProgramResult> {
  const {host} = entry.process
  const words = readReceiveWords(entry.argv.slice(1))
  let receiving: Receiving | undefined
  return await asChild(ctx, entry, endOf(stdin.source, director), async (end, waiter) => {
    if (!(await isPipeAdmitted(end, stdin, waiter)))
      throw new OperationalError(
        'receive-failed',
        'cannot receive: the stream ended before its first record',
        {
          retryable: true,
        },
      )
    const stream = createStreamReader((length) => readFully(end, length, waiter))
    try {
      const begin = await stream.begin()
      if (begin === 'nothing') return resultOf(complained(['cannot receive: failed to read from stream']))
      if (begin === 'bad-magic')
        return resultOf(complained(['cannot receive: invalid stream (bad magic number)']))
      const begun = beginReceive(host, words, begin)
      // It is the command that reads on, and throws away what is there already: the kernel refuses it.
      if (begun === 'skip' && entry.libraryCall !== undefined)
        return resultOf(complained(['destination already exists']))
      if (begun !== 'skip' && 'exitCode' in begun) return resultOf(begun)
      receiving = begun === 'skip' ? undefined : begun
      return resultOf(await receiveBlocks())
    } catch (error) {
      if (error instanceof StoppedChild && receiving !== undefined)
        interruptReceive(host, receiving, 'stopped')
      throw error
    }

    async function receiveBlocks(): Promise<Answer> {
      for (;;) {
        const record = await stream.next()
        if (record === 'cut' || record === 'damaged')
          return receiving === undefined
            ? complained(['cannot receive: failed to read from stream'])
            : interruptReceive(host, receiving, record)
        if (record === 'end') break
        if (receiving !== undefined) applyBlock(receiving, record.block, record.version)
      }
      return receiving === undefined ? SILENT : commitReceive(host, receiving)
    }
  })
}

/** What a program that is started now inherits. */
function endOf(stream: StreamHandle, director: Director): End {
  using lent = stream.lend()
  return director.endOf(lent.fd)
}

/** The same for a stream that stays in its pipe. */
async function isPipeAdmitted(
  {pipe}: End,
  {source, inspect}: IncomingStream,
  programs: Waiter,
): Promise<boolean> {
  using lent = source.lend()
  const waiter = unlessClosed(programs, lent)
  for (let head = new Uint8Array(0); ; ) {
    const inspection = inspect(head)
    if (inspection.kind === 'admitted') return true
    head = await peek(pipe, inspection.bytes, waiter)
    if (head.length < inspection.bytes) return false
  }
}

/** Runs `work` on a pipe end of its own, until it is stopped by an abort or by the death of its process. */
export async function asChild(
  ctx: RunContext,
  {process}: Entry,
  inherited: End,
  work: (end: End, waiter: Waiter) => Promise<ProgramResult>,
): Promise<ProgramResult> {
  const end = duplicate(inherited)
  let stopped = false
  const child = {
    stop() {
      stopped = true
      wake(end.pipe)
    },
  }
  const check = () => {
    if (stopped) throw new StoppedChild()
  }
  process.children.add(child)
  ctx.signal.addEventListener('abort', child.stop)
  try {
    return await work(end, {
      check,
      async change(pipe) {
        // Who was stopped while it did not wait is not waked again.
        check()
        await change(pipe)
        check()
      },
    })
  } catch (error) {
    if (error instanceof StoppedChild) return STOPPED
    throw error
  } finally {
    ctx.signal.removeEventListener('abort', child.stop)
    process.children.delete(child)
    closeEnd(end)
  }
}

/** Unwinds a program that got SIGTERM. */
class StoppedChild extends Error {}

const STOPPED: ProgramResult = {
  exitCode: undefined,
  signal: 'SIGTERM',
  stdout: '',
  stderr: '',
  stderrCut: false,
}

/** `length` bytes, fewer only at the end of the pipe. */
export async function readFully(end: End, length: number, waiter: Waiter): Promise<Uint8Array> {
  waiter.check()
  const first = await readSome(end, length, waiter)
  if (first.length === length || first.length === 0) return first
  const bytes = new Uint8Array(length)
  bytes.set(first)
  for (let filled = first.length; filled < length; ) {
    const some = await readSome(end, length - filled, waiter)
    if (some.length === 0) return bytes.subarray(0, filled)
    bytes.set(some, filled)
    filled += some.length
  }
  return bytes
}
