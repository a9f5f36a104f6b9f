import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {LaneConnection} from '../core/lane.ts'
import type {ByteReader} from '../core/stream.ts'
import {type Child, exitsWithin, GRACE, type Grace, startChild, stopChild} from './child.ts'
import type {DeathSignal} from './death-signal.ts'
import {createPipe, type PipeReader} from './pipe.ts'
import {type ProcessIo, processIo} from './process-io.ts'
import {createToldAllowance} from './told-allowance.ts'
import {createToldLines, type ToldLines} from './told-lines.ts'

/** How long the other process may take to go once we have said that we are through. */
const CLOSE_MS = 10_000
/** How long it may live on after it has closed its end. */
const LINGER_MS = 5000
/** How long its last words may take once it has gone: something it started may keep stderr open. */
const LAST_WORDS_MS = 1000

export type LaneProcess = {
  /** Words for messages: `ssh root@backup:22`. */
  readonly peer: string
  readonly path: string
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** From the start of the process until the peer has greeted; 0 = as long as it takes. */
  readonly dialTimeoutMs: number
  /** What to look at when that time is over without a greeting. */
  readonly ifSilent?: string
}

export type LaneOptions = {
  /** A lock the process inherits. */
  readonly lockFd?: number | undefined
  /** From `findDeathSignal`. */
  readonly deathSignal?: DeathSignal | undefined
  readonly grace?: Grace
}

/** Starts a process whose stdin and stdout, plain pipes, are one connection. It outlives `ctx`: close it or burn it. */
export function openLaneProcess(ctx: RunContext, process: LaneProcess, options: LaneOptions): LaneConnection {
  ctx.signal.throwIfAborted()
  const {child, toPeer, fromPeer} = start(process, options)
  const argv = [process.path, ...process.argv]
  const told = createToldLines(child.stderr, createToldAllowance(ctx.clock), flooded)
  const stays = Promise.withResolvers<{exitCode: undefined}>()
  const gone = Promise.race([lastWords(ctx, child, told), stays.promise])
  const greeted = new AbortController()
  let closing: Promise<void> | undefined
  let burnt = false

  function burn(
    reason = new OperationalError('peer-unreachable', 'the connection was given up', {retryable: true}),
  ): void {
    greeted.abort()
    toPeer.close(reason)
    fromPeer.close(reason)
    if (!burnt) void end()
    burnt = true
  }

  /** Whatever else it is: it keeps us busy with it. */
  function flooded(): void {
    const what = 'the peer writes more on stderr than an honest one would'
    ctx.log.of('transport').warn(`${what}: the connection is given up`, {peer: process.peer})
    burn(new OperationalError('peer-protocol', what, {hint: `look at the far end of ${process.peer}`}))
  }

  async function end(): Promise<void> {
    if ((await stopChild(child, ctx.clock, options.grace ?? GRACE)) === 'gone') return
    ctx.log.of('transport').error('connection process does not end, not even by SIGKILL; left behind', {
      pid: child.pid,
      peer: process.peer,
    })
    told.cancel()
    stays.resolve({exitCode: undefined})
  }

  async function close(): Promise<void> {
    greeted.abort()
    toPeer.close(new OperationalError('peer-unreachable', 'the connection is closed', {retryable: true}))
    if (!burnt && !(await exitsWithin(child, ctx.clock, CLOSE_MS))) burn()
    await gone
    // Not before: the peer's last answer may still be in the pipe, and somebody may be reading it.
    fromPeer.close()
  }

  /** The peer has closed its end: a process that stays nevertheless is in the way of those who wait for it to go. */
  async function endSoon(): Promise<void> {
    if (!(await exitsWithin(child, ctx.clock, LINGER_MS))) burn()
  }

  const noAnswer = () =>
    burn(
      new OperationalError('peer-unreachable', `no answer within ${process.dialTimeoutMs / 1000} s`, {
        hint: process.ifSilent,
        retryable: true,
      }),
    )
  if (process.dialTimeoutMs > 0)
    ctx.clock.sleep(process.dialTimeoutMs, greeted.signal).then(noAnswer, () => {})

  ctx.log.of('transport').debug('connection opened', {
    peer: process.peer,
    pid: child.pid,
    argv,
  })
  void gone.then(({exitCode}) =>
    ctx.log.of('transport').debug('connection ended', {peer: process.peer, pid: child.pid, exitCode}),
  )

  return {
    reader: watched(fromPeer, () => void endSoon()),
    writer: toPeer,
    peer: process.peer,
    carrier: child.pid,
    greeted: () => greeted.abort(),
    argv,
    onTold: told.onTold,
    hasUnread: () => fromPeer.hasUnread(),
    complaint: told.complaint,
    hangUp: () => toPeer.close(),
    close: () => (closing ??= close()),
    burn,
    gone,
  }
}

function start(process: LaneProcess, options: LaneOptions) {
  const there = createPipe()
  const back = createPipe()
  try {
    const child = startChild({
      path: process.path,
      argv: process.argv,
      environment: process.environment,
      stdin: there.reader.stream,
      stdout: back.writer.stream,
      inherited: options.lockFd,
      deathSignal: options.deathSignal?.(),
    })
    return {child, toPeer: there.writer, fromPeer: back.reader}
  } catch (error) {
    there.writer.close()
    back.reader.close()
    throw error
  } finally {
    // The child has copies of its own; with ours open, nobody would ever see an end.
    there.reader.close()
    back.writer.close()
  }
}

async function lastWords(ctx: RunContext, child: Child, told: ToldLines): LaneConnection['gone'] {
  let io: ProcessIo | undefined
  // Once somebody has waited for it, nobody knows any more.
  told.ended.then(
    () => {
      io = processIo(child.pid)
    },
    () => {},
  )
  const {exitCode} = await child.exited
  const ended = new AbortController()
  const late = ctx.clock.sleep(LAST_WORDS_MS, ended.signal).catch(() => {})
  await Promise.race([told.ended, late])
  ended.abort()
  told.cancel()
  return {exitCode, ...child.cpu(), ...(io && {readBytes: io.read, writtenBytes: io.written})}
}

/** The same reader, telling when the end was met. */
function watched(reader: PipeReader, onEnd: () => void): ByteReader {
  return {
    async read(length, signal) {
      try {
        const bytes = await reader.read(length, signal)
        if (bytes === undefined) onEnd()
        return bytes
      } catch (error) {
        if (!signal.aborted) onEnd()
        throw error
      }
    },
    stream: reader.stream,
  }
}
