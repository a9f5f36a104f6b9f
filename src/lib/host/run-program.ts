import {assert} from '../core/assert.ts'
import type {Clock, RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {ProgramCall, ProgramResult, RunProgram} from '../zfs-client/run-program.ts'
import {type Child, GRACE, type Grace, startChild, stopChild} from './child.ts'
import {type Collected, collectTail, collectText, type Tail} from './collect.ts'
import type {DeathSignal} from './death-signal.ts'
import {FIXED_ENVIRONMENT} from './environment.ts'
import {createPipe, type PipeWriter} from './pipe.ts'

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
    const words = {argv: [call.program, ...call.argv.map(shortenedToken)]}
    const span = ctx.span.child(`${call.program} ${call.argv[0] ?? ''}`, words)
    const log = ctx.log.with({span: span.stack})
    const started = ctx.clock.monotonic()
    try {
      const child = await startProgram(ctx, call, options)
      log.debug('program started', {...words, pid: child.pid})
      const result = await resultOf({...ctx, log}, child, call, options)
      const facts = {
        exitCode: result.exitCode,
        signal: result.signal,
        durationMs: ctx.clock.monotonic() - started,
        ...child.cpu(),
      }
      log.debug('program ended', {...words, pid: child.pid, ...facts})
      span.end(facts)
      return result
    } catch (error) {
      const facts = {
        error: error instanceof Error ? error.message : String(error),
        durationMs: ctx.clock.monotonic() - started,
      }
      log.debug('program failed', {...words, ...facts})
      span.end(facts)
      throw error
    }
  }
}

async function startProgram(ctx: RunContext, call: ProgramCall, options: RunProgramOptions): Promise<Child> {
  const path = options.resolve(call.program)
  const {stdin, stdout} = call
  const start = (stdin: 'none' | number) =>
    startChild({
      path,
      argv: call.argv,
      environment: FIXED_ENVIRONMENT,
      stdin,
      stdout: stdout === 'text' ? 'pipe' : stdout.fd,
      inherited: options.lockFd,
      deathSignal: isStream(call) ? options.deathSignal?.() : undefined,
    })
  if (stdin === 'none') return start('none')
  if ('fd' in stdin) return start(stdin.fd)
  const {reader, writer} = createPipe()
  try {
    await writeAhead(ctx, writer, stdin.text)
    return start(reader.stream.fd)
  } finally {
    reader.close()
  }
}

/** What every pipe takes before anybody reads it, by POSIX's and our systems' PIPE_BUF. */
const MAX_INPUT_BYTES = 4096

/** Puts a text into a pipe that nobody reads yet. */
async function writeAhead({signal}: RunContext, writer: PipeWriter, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  assert(bytes.length <= MAX_INPUT_BYTES, `an input of ${bytes.length} bytes does not fit into a pipe`)
  try {
    await writer.write(bytes, signal)
  } finally {
    writer.close()
  }
}

/** Waits for the end of `child`, or stops it when it must not go on. */
async function resultOf(
  ctx: RunContext,
  child: Child,
  call: ProgramCall,
  options: RunProgramOptions,
): Promise<ProgramResult> {
  const stdout = collectText(child.stdout, options.maxStdoutBytes ?? MAX_STDOUT_BYTES)
  const stderr = collectTail(child.stderr, MAX_STDERR_BYTES)
  const settled = new AbortController()
  try {
    return await Promise.race([
      ended(ctx.clock, child, stdout, stderr, settled.signal),
      failureOf(stdout.all),
      rejectedBy(ctx.signal, settled.signal),
      deadline(ctx.clock, call, settled.signal),
    ])
  } catch (error) {
    if ((await stopChild(child, ctx.clock, options.grace ?? GRACE)) === 'stays') {
      ctx.log.error('program does not end, not even by SIGKILL; left behind', {
        pid: child.pid,
        program: call.program,
      })
    }
    throw error
  } finally {
    settled.abort()
    stdout.cancel()
    stderr.cancel()
  }
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

/** Rejects when `promise` does, and does nothing else. */
function failureOf(promise: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    promise.catch(reject)
  })
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

function isStream({stdin, stdout}: ProgramCall): boolean {
  return stdout !== 'text' || (stdin !== 'none' && 'fd' in stdin)
}

/** A resume token says what is in a dataset, and fills the screen (threat T21). */
function shortenedToken(word: string): string {
  return /^1-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$/.test(word) ? `${word.slice(0, 12)}…` : word
}
