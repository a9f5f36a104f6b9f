import type {Clock} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {StreamHandle} from '../core/stream.ts'

/** A started program, in a process group of its own. */
export type Child = {
  readonly pid: number
  readonly exited: Promise<Exit>
  /** What it prints, when `stdout` was `pipe`. */
  readonly stdout: ReadableStream<Uint8Array> | undefined
  readonly stderr: ReadableStream<Uint8Array>
  /** User and system time in milliseconds, once it has exited. */
  cpu(): {readonly userMs: number; readonly systemMs: number} | undefined
  /** Signals the child and all that it started. No error when they have gone. */
  signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void
  /** Does not keep our process from exiting any more. */
  abandon(): void
}

export type Exit = {readonly exitCode: number | undefined; readonly signal: string | undefined}

export type ChildCall = {
  /** Absolute path of the program. */
  readonly path: string
  readonly argv: readonly string[]
  /** All of the child's environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Of a stream the child gets a copy of its own. */
  readonly stdin: 'none' | StreamHandle
  readonly stdout: 'pipe' | StreamHandle
  /** A descriptor the child inherits as its number 3: a lock that lasts as long as any child does. */
  readonly inherited?: number | undefined
  /** Path of a `setpriv` that ends the child when we are killed; see `DeathSignal`. */
  readonly deathSignal?: string | undefined
}

/**
 * Starts a program: no shell, in `/`, with no descriptors but the given ones, as leader of a session of its own, so
 * that a Ctrl-C at our terminal reaches us only. Throws `host` when the system refuses.
 */
export function startChild(call: ChildCall): Child {
  const program = [call.path, ...call.argv]
  const command =
    call.deathSignal === undefined ? program : [call.deathSignal, '--pdeathsig', 'TERM', '--', ...program]
  const child = spawn(command, call)
  let ended = false
  const exited = child.exited.then((): Exit => {
    ended = true
    const {exitCode, signalCode} = child
    return signalCode === null
      ? {exitCode: exitCode ?? undefined, signal: undefined}
      : {exitCode: undefined, signal: String(signalCode)}
  })
  return {
    pid: child.pid,
    exited,
    stdout: child.stdout instanceof ReadableStream ? child.stdout : undefined,
    stderr: child.stderr as ReadableStream<Uint8Array>,
    cpu() {
      const usage = ended ? child.resourceUsage() : undefined
      return (
        usage && {userMs: Number(usage.cpuTime.user) / 1000, systemMs: Number(usage.cpuTime.system) / 1000}
      )
    },
    signalGroup: (signal) => signalGroup(child.pid, signal),
    abandon: () => child.unref(),
  }
}

function spawn(command: string[], call: ChildCall) {
  using stdin = call.stdin === 'none' ? undefined : call.stdin.lend()
  using stdout = call.stdout === 'pipe' ? undefined : call.stdout.lend()
  try {
    return Bun.spawn(command, {
      cwd: '/',
      env: {...call.environment},
      detached: true,
      stdio: [
        stdin?.fd ?? 'ignore',
        stdout?.fd ?? 'pipe',
        'pipe',
        ...(call.inherited === undefined ? [] : [call.inherited]),
      ] as ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    throw new OperationalError('host', `cannot start ${quoted(call.path)}: ${code ?? 'unknown error'}`, {
      hint: code === 'EMFILE' ? 'raise the limit of open files (ulimit -n)' : undefined,
      retryable: code === 'EAGAIN' || code === 'ENOMEM',
      cause: error,
    })
  }
}

/**
 * The group's number stays reserved while any of its processes lives, and is ours as long as the leader has not been
 * waited for, so no stranger can be hit; right after that an empty group answers ESRCH.
 */
function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    // EPERM: macOS says so of a group that consists of zombies.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}

export type Grace = {
  /** From SIGTERM to SIGKILL, milliseconds. */
  readonly termMs: number
  /** From SIGKILL until we stop waiting, milliseconds: a process in an uninterruptible call does not die. */
  readonly killMs: number
}

export const GRACE: Grace = {termMs: 5000, killMs: 5000}

/**
 * Ends a child and all that it started: SIGTERM, SIGKILL after a grace. `stays` when even that did not help within
 * the bounds; it is abandoned then and holds on to what it has inherited (invariant I12).
 */
export async function stopChild(child: Child, clock: Clock, grace: Grace = GRACE): Promise<'gone' | 'stays'> {
  child.signalGroup('SIGTERM')
  const inTime = await exitsWithin(child, clock, grace.termMs)
  // Also when the leader has gone: it may have left something behind.
  child.signalGroup('SIGKILL')
  if (inTime || (await exitsWithin(child, clock, grace.killMs))) return 'gone'
  child.abandon()
  return 'stays'
}

/** True when `child` exits within `ms`. */
export async function exitsWithin(child: Child, clock: Clock, ms: number): Promise<boolean> {
  const waiting = new AbortController()
  try {
    return await Promise.race([
      child.exited.then(() => true),
      clock.sleep(ms, waiting.signal).then(
        () => false,
        () => false,
      ),
    ])
  } finally {
    waiting.abort()
  }
}
