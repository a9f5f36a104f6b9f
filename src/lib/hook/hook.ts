import type {RunContext} from '../core/context.ts'
import type {CommandHook, DatabaseHook} from '../plan/hook-policy.ts'

/** When a hook is run, and what it is told. */
export type Occasion = {
  readonly job: string
  /** What it is run around. `filesystem` and `round` are snapshots. */
  readonly around: 'filesystem' | 'round' | 'job' | 'snapshot' | 'replicate' | 'prune'
  /** Of a round; of a phase: none. */
  readonly filesystems: readonly string[]
  /** The name of the snapshots of a round, without a filesystem. */
  readonly snapshotName: string | undefined
}

/**
 * A hook about to be used once. `before` and, if that ended well, `after` are each called once, with a signal that is
 * raised when the time is over. Both throw `hook-failed` or the signal's reason.
 */
export type Hook = {
  before(ctx: RunContext): Promise<void>
  /** How what was between them ended. */
  after(ctx: RunContext, outcome: 'ok' | 'error'): Promise<void>
}

/** Prepares a hook. Nothing is run or connected yet. */
export type CreateHook = (hook: CommandHook | DatabaseHook, occasion: Occasion) => Hook

/** One run of a hook's program. */
export type HookProgramCall = {
  readonly path: string
  readonly args: readonly string[]
  /** Beside our own environment. */
  readonly environment: Readonly<Record<string, string>>
  /** What it reads from its standard input; nothing without it. */
  readonly input?: string | undefined
}

/**
 * Runs a program and logs what it prints. Throws `hook-failed` unless it exits 0, and the reason of `ctx.signal` after
 * it was stopped.
 */
export type RunHookProgram = (ctx: RunContext, call: HookProgramCall) => Promise<void>
