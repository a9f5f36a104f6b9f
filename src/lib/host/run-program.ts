import {type Clock, inSpan, type RunContext, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {outgoingOf, type ProgramCall, type ProgramResult, type RunProgram} from '../zfs-client/run-program.ts'
import {type Child, GRACE, type Grace, stopChild} from './child.ts'
import {type Collected, collectTail, collectText, handOn, type Tail} from './collect.ts'
import type {DeathSignal} from './death-signal.ts'
import {openPacedPassage, openPassage, type Passage, type Passed} from './pass-on.ts'
import {processIo} from './process-io.ts'
import {rejectionOf} from './rejection-of.ts'
import {startProgram} from './start-program.ts'

/** Far beyond any listing; a program that prints more has gone mad. */
const MAX_STDOUT_BYTES = 1024 ** 3
/** Enough for one line about each snapshot of a batch. */
const MAX_STDERR_BYTES = 256 * 1024
/** How long the output may stay open after the program has ended. */
const DRAIN_MS = 5000

export type RunProgramOptions = {
  /** Name → absolute path, for example `resolveProgram`. */
  readonly resolve: (program: string) => string
  /** A lock every program inherits, so that it ends with the last of them. */
  readonly lockFd?: number | undefined
  /** From `findDeathSignal`; used for streams, which outlive us for longer than a command. */
  readonly deathSignal?: DeathSignal | undefined
  readonly grace?: Grace
  readonly maxStdoutBytes?: number
}

/** Runs real programs. */
export function createRunProgram(options: RunProgramOptions): RunProgram {
  return async (ctx, call) => {
    ctx.signal.throwIfAborted()
    const words = ctx.span.kept ? {argv: [call.program, ...call.argv]} : {}
    const span = ctx.span.child(`${call.program} ${call.argv[0] ?? ''}`, words)
    const inside = inSpan(ctx, span)
    const log = inside.log.of('zfs.cmd')
    const started = ctx.clock.monotonic()
    const passage = passageFor(call)
    let child: Child | undefined
    let readBytes: bigint | undefined
    const costs = () => ({
      durationMs: ctx.clock.monotonic() - started,
      ...child?.cpu(),
      bytes: passage?.moved(),
      readBytes,
    })
    try {
      const running = await startProgram(
        inside,
        {...call, path: options.resolve(call.program)},
        passage,
        options,
      )
      child = running
      const {pid} = running
      log.debug('program started', {...words, pid})
      const readsStream = passage === undefined && readsStreamOf(call)
      const onLastWord = () => {
        if (readsStream && span.kept) readBytes = processIo(pid)?.read
      }
      const result = await resultOf(inside, {child: running, passage, onLastWord}, call, options)
      const facts = {exitCode: result.exitCode, signal: result.signal, ...costs()}
      log.debug('program ended', {...words, pid, ...facts})
      span.end(facts)
      return result
    } catch (error) {
      const facts = {error: error instanceof Error ? error.message : String(error), ...costs()}
      log.debug('program failed', {...words, ...facts})
      span.end(facts)
      throw error
    } finally {
      passage?.close()
    }
  }
}

/** What the stream of a call has to go through, if anything. */
function passageFor(call: ProgramCall): Passage | undefined {
  const {stdin} = call
  const outgoing = outgoingOf(call)
  if (outgoing !== undefined) return openPassage(outgoing)
  if (stdin === 'none' || !('source' in stdin) || stdin.pace === undefined) return undefined
  return openPacedPassage({source: stdin.source, pace: stdin.pace})
}

function readsStreamOf({stdin}: ProgramCall): boolean {
  return stdin !== 'none' && 'source' in stdin
}

type Running = {
  readonly child: Child
  readonly passage: Passage | undefined
  /** Called when it says no more, which is when it ends, and before anybody has waited for it. */
  readonly onLastWord: () => void
}

/** Waits for the end of `child` and of what it has written, or stops it when it must not go on. */
async function resultOf(
  ctx: RunContext,
  {child, passage, onLastWord}: Running,
  call: ProgramCall,
  options: RunProgramOptions,
): Promise<ProgramResult> {
  const settled = new AbortController()
  const passed = passage?.run(withSignal(ctx, settled.signal))
  const stdout = collectStdout(child, call, options.maxStdoutBytes ?? MAX_STDOUT_BYTES)
  const stderr = collectTail(child.stderr, MAX_STDERR_BYTES)
  stderr.all.then(onLastWord, () => {})
  try {
    return await Promise.race([
      passedOn(
        ended(ctx.clock, child, stdout, stderr, settled.signal),
        passage?.direction === 'from-program' ? passed : undefined,
      ),
      rejectionOf(stdout.all),
      rejectionOf(passed ?? NOTHING),
      rejectedBy(ctx.signal, settled.signal),
      deadline(ctx.clock, call, settled.signal),
    ])
  } catch (error) {
    if ((await stopChild(child, ctx.clock, options.grace ?? GRACE)) === 'stays') {
      ctx.log.of('zfs.cmd').error('program does not end, not even by SIGKILL; left behind', {
        pid: child.pid,
        program: call.program,
      })
    }
    throw error
  } finally {
    settled.abort()
    await passed?.catch(() => {})
    stdout.cancel()
    stderr.cancel()
  }
}

function collectStdout(child: Child, {stdout}: ProgramCall, maxBytes: number): Collected<string> {
  if (typeof stdout === 'object' && 'take' in stdout) return handOn(child.stdout, stdout.take, maxBytes)
  return collectText(child.stdout, maxBytes)
}

const NOTHING = Promise.resolve()

/** A program has not done its work before its stream has been passed on, or nobody reads it any more. */
async function passedOn(
  ended: Promise<ProgramResult>,
  passed: Promise<Passed> | undefined,
): Promise<ProgramResult> {
  const result = await ended
  await passed
  return result
}

async function ended(
  clock: Clock,
  child: Child,
  stdout: Collected<string>,
  stderr: Collected<Tail>,
  settled: AbortSignal,
): Promise<ProgramResult> {
  const exit = await child.exited
  const output = await Promise.race([
    Promise.all([stdout.all, stderr.all]),
    clock.sleep(DRAIN_MS, settled).catch(() => undefined),
  ])
  if (output === undefined)
    throw new OperationalError('host', 'the program ended, but something it started keeps its output open')
  const [text, tail] = output
  return {...exit, stdout: text, stderr: tail.text, stderrCut: tail.cut}
}

/** Rejects with the reason of `signal`, unless `settled` before. */
function rejectedBy(signal: AbortSignal, settled: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, {once: true})
    settled.addEventListener('abort', () => signal.removeEventListener('abort', abort), {once: true})
  })
}

function deadline(clock: Clock, call: ProgramCall, settled: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (call.deadlineMs === undefined) return
    const {deadlineMs, program, argv} = call
    const late = () =>
      reject(
        new OperationalError(
          'deadline',
          `'${program} ${argv[0]}' did not end within ${deadlineMs / 1000} s`,
          {retryable: true},
        ),
      )
    clock.sleep(deadlineMs, settled).then(late, () => {})
  })
}
