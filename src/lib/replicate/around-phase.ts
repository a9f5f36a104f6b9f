import type {RunContext} from '../core/context.ts'
import {describeHooks, type HookUse, useHooks} from '../hook/use-hooks.ts'
import {nameOfHook, type PhaseHook} from '../plan/hook-policy.ts'
import {reportedError} from '../report/describe-error.ts'
import type {HookReport, ReportedError} from '../report/report.ts'
import type {HookWork} from './job-work.ts'

/** What is between the hooks: how to do it, what it comes to when a hook vetoes it, and whether it went well. */
export type Guarded<T> = {
  readonly run: (ctx: RunContext) => Promise<T>
  readonly vetoed: (error: ReportedError) => T
  readonly isOk: (result: T) => boolean
}

/** Does a phase, or the whole job, between the hooks around it. A dry run runs no hooks. */
export async function aroundPhase<T>(
  ctx: RunContext,
  {hooks, dryRun, reports}: {hooks: HookWork; dryRun: boolean; reports: HookReport[]},
  around: PhaseHook['around'],
  {run, vetoed, isOk}: Guarded<T>,
): Promise<T> {
  const uses = hooks.phases.filter((hook) => hook.around === around).map((hook) => useOf(hooks, hook))
  if (dryRun) {
    reports.push(...describeHooks(uses))
    return await run(ctx)
  }
  return await useHooks(ctx, uses, reports, async (vetoes) => {
    const veto = vetoes.get(around)
    const value = veto === undefined ? await run(ctx) : vetoed(reportedError(veto))
    return {value, outcome: isOk(value) ? 'ok' : 'error'}
  })
}

function useOf({job, create}: HookWork, hook: PhaseHook): HookUse<PhaseHook['around']> {
  const {around, errIsFatal, timeoutMs} = hook
  return {
    name: nameOfHook(hook),
    around,
    subjects: [around],
    errIsFatal,
    timeoutMs,
    hook: create(hook, {job, around, filesystems: [], snapshotName: undefined}),
  }
}
