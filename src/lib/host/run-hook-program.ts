import type {Log, RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {printable, quoted} from '../core/printable.ts'
import type {RunHookProgram} from '../hook/hook.ts'
import {type Exit, GRACE, startChild, stopChild} from './child.ts'
import {createPipe, type PipeWriter} from './pipe.ts'
import {readLines} from './read-lines.ts'

/** How much a program may say on each stream before we only listen (zrepl: `ZREPL_MAX_HOOK_LOG_SIZE`). */
const MAX_LOGGED = 1024 * 1024
/** How long its output may stay open after it has ended. */
const DRAIN_MS = 1000

/**
 * Runs real programs as hooks, with `environment` and what each call adds to it: a hook is the operator's own, and what
 * it needs from where he has started us is for him to know. It gets nothing on stdin but what the call says, which it
 * need not read, and inherits no lock: what it leaves running must not keep the next run from starting. What it prints is logged, stdout as info, stderr as warnings.
 */
export function createRunHookProgram(environment: Readonly<Record<string, string>>): RunHookProgram {
  return async (ctx, {path, args, environment: more, input}) => {
    ctx.signal.throwIfAborted()
    const log = ctx.log.of('hook').with({hook: path})
    ctx.span.add({argv: [path, ...args]})
    const pipe = input === undefined ? undefined : createPipe()
    const child = start(path, args, {...environment, ...more}, pipe)
    let last = ''
    const stdout = logLines(child.stdout, (line) => log.info('hook says', {line}))
    const stderr = logLines(child.stderr, (line) => {
      last = line
      log.warn('hook complains', {line})
    })
    const told = pipe && tell(ctx, pipe.writer, input ?? '')
    try {
      const exit = await Promise.race([child.exited, rejectedBy(ctx.signal)])
      ctx.span.add({...exit, ...child.cpu()})
      await Promise.race([
        Promise.allSettled([stdout.ended, stderr.ended]),
        ctx.clock.sleep(DRAIN_MS, ctx.signal),
      ])
      if (exit.exitCode !== 0) throw failureOf(path, exit, last)
    } catch (error) {
      await stopIfRunning(ctx, child, log)
      throw error
    } finally {
      stdout.cancel()
      stderr.cancel()
      pipe?.writer.close(new Error('the program has ended'))
      await told
    }
  }
}

function start(
  path: string,
  argv: readonly string[],
  environment: Record<string, string>,
  pipe: ReturnType<typeof createPipe> | undefined,
) {
  try {
    return startChild({path, argv, environment, stdin: pipe?.reader.stream ?? 'none', stdout: 'pipe'})
  } catch (cause) {
    if (!(cause instanceof OperationalError)) throw cause
    throw new OperationalError('hook-failed', cause.message, {
      hint: 'the hook must be an executable file',
      cause,
    })
  } finally {
    pipe?.reader.close()
  }
}

/** Ends with the text or with the program, whichever comes first: one that does not want to know need not listen. */
async function tell({signal}: RunContext, writer: PipeWriter, text: string): Promise<void> {
  try {
    await writer.write(Buffer.from(text), signal)
  } catch {
    // It has ended, or is about to be ended.
  } finally {
    writer.close()
  }
}

/** No error when it has ended by itself. */
async function stopIfRunning(
  {clock}: RunContext,
  child: ReturnType<typeof startChild>,
  log: Log,
): Promise<void> {
  if (child.cpu() !== undefined) return
  if ((await stopChild(child, clock, GRACE)) === 'stays')
    log.error('hook does not end, not even by SIGKILL; left behind', {pid: child.pid})
}

function failureOf(path: string, {exitCode, signal}: Exit, last: string): OperationalError {
  const how = signal === undefined ? `ended with exit status ${exitCode}` : `was ended by ${signal}`
  const said = last === '' ? '' : `: ${printable(last)}`
  return new OperationalError('hook-failed', `the hook ${quoted(path)} ${how}${said}`)
}

function logLines(stream: ReadableStream<Uint8Array> | undefined, take: (line: string) => void) {
  const reader = stream?.getReader()
  if (reader === undefined) return {ended: Promise.resolve(), cancel() {}}
  let left = MAX_LOGGED
  const ended = readLines(reader, (line) => {
    if (line === '' || left <= 0) return
    left -= line.length
    take(line)
  })
  // Who gives up does not listen any more.
  ended.catch(() => {})
  return {ended, cancel: () => void reader.cancel().catch(() => {})}
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true})
  })
}
