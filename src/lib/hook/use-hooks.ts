import {type RunContext, withSignal, withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {formatDuration} from '../core/units.ts'
import {reportedError} from '../report/describe-error.ts'
import type {HookReport} from '../report/report.ts'
import type {Hook, Occasion} from './hook.ts'

/** A hook at its place in a run. `Subject` is what it guards: filesystems of a round, or a phase. */
export type HookUse<Subject> = {
  readonly name: string
  readonly around: Occasion['around']
  readonly subjects: readonly Subject[]
  readonly errIsFatal: boolean
  readonly timeoutMs: number
  readonly hook: Hook
}

/** What is left out because a hook failed before it, and why. */
export type Vetoes<Subject> = ReadonlyMap<Subject, OperationalError>

/** How the work between the hooks ended, for those that are told. */
type Worked<T> = {readonly value: T; readonly outcome: 'ok' | 'error'}

/**
 * Runs hooks before `work` in order and after it in reverse, as zrepl documents it:
 *
 * - A hook that fails before does not run after; the others do, whatever happened in between: also when another hook
 *   vetoed, when the work threw, and when the run was told to stop. Then nothing more is begun.
 * - A hook whose failure is fatal vetoes its subjects; hooks that guard only vetoed subjects are skipped.
 *
 * `work` gets the vetoes and is called even when everything is vetoed. What it throws passes through after the hooks.
 * Each edge is one line of `reports`.
 */
export async function useHooks<Subject, T>(
  ctx: RunContext,
  uses: readonly HookUse<Subject>[],
  reports: HookReport[],
  work: (vetoes: Vetoes<Subject>) => Promise<Worked<T>>,
): Promise<T> {
  const vetoes = new Map<Subject, OperationalError>()
  const begun: HookUse<Subject>[] = []
  let outcome: 'ok' | 'error' = 'error'
  try {
    for (const use of uses) {
      ctx.signal.throwIfAborted()
      const guarded = use.subjects.filter((subject) => !vetoes.has(subject))
      const vetoed = use.subjects.flatMap((subject) => vetoes.get(subject) ?? [])[0]
      if (guarded.length === 0 && vetoed !== undefined) {
        reports.push({...headOf(use, 'before'), state: 'skipped', because: vetoed.message})
        continue
      }
      const error = await edge(ctx, use, 'before', reports, (ctx) => use.hook.before(ctx))
      if (error === undefined) begun.push(use)
      else if (use.errIsFatal) for (const subject of guarded) vetoes.set(subject, error)
    }
    ctx.signal.throwIfAborted()
    const worked = await work(vetoes)
    outcome = worked.outcome
    return worked.value
  } finally {
    // Whoever stops the run still wants his database unlocked.
    const unstopped = {...ctx, signal: new AbortController().signal}
    for (const use of begun.toReversed())
      await edge(unstopped, use, 'after', reports, (ctx) => use.hook.after(ctx, outcome))
  }
}

/** One call of a hook, bounded in time. Its failure is reported and returned; cancellation passes through. */
async function edge<Subject>(
  ctx: RunContext,
  use: HookUse<Subject>,
  side: 'before' | 'after',
  reports: HookReport[],
  call: (ctx: RunContext) => Promise<void>,
): Promise<OperationalError | undefined> {
  const started = ctx.clock.monotonic()
  const late = new AbortController()
  const done = new AbortController()
  const tooLate = new OperationalError(
    'deadline',
    `the hook ${quoted(use.name)} did not end within ${formatDuration(use.timeoutMs)}`,
  )
  ctx.clock.sleep(use.timeoutMs, done.signal).then(
    () => late.abort(tooLate),
    () => {},
  )
  const durationMs = () => Math.round(ctx.clock.monotonic() - started)
  try {
    await withSpan(ctx, `hook-${side}`, {hook: use.name}, (ctx) => call(withSignal(ctx, late.signal)))
    reports.push({...headOf(use, side), state: 'ok', durationMs: durationMs()})
    return undefined
  } catch (error) {
    const failure = error instanceof OperationalError ? error : undefined
    reports.push({
      ...headOf(use, side),
      state: 'failed',
      durationMs: durationMs(),
      error:
        failure === undefined ? {code: 'stopped', message: 'the run was stopped'} : reportedError(failure),
    })
    if (failure === undefined) throw error
    ctx.log.of('hook').warn('hook failed', {hook: use.name, edge: side, error: failure.message})
    return failure
  } finally {
    done.abort()
  }
}

/** The hooks of a dry run: it runs none, because what they do is not ours to undo. */
export function describeHooks<Subject>(
  uses: readonly Omit<HookUse<Subject>, 'hook'>[],
): readonly HookReport[] {
  return (['before', 'after'] as const).flatMap((side) =>
    (side === 'before' ? uses : uses.toReversed()).map((use) => ({
      ...headOf(use, side),
      state: 'planned' as const,
    })),
  )
}

function headOf<Subject>(
  {name, around, subjects}: Omit<HookUse<Subject>, 'hook'>,
  edge: 'before' | 'after',
): Pick<HookReport, 'hook' | 'around' | 'edge' | 'filesystems'> {
  const isSnapshot = around === 'filesystem' || around === 'round'
  return {hook: name, around, edge, ...(isSnapshot ? {filesystems: subjects.map(String)} : {})}
}
