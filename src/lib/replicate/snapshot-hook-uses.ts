import type {HookUse} from '../hook/use-hooks.ts'
import {planSnapshotHooks} from '../plan/hook-edges.ts'
import {nameOfHook} from '../plan/hook-policy.ts'
import type {SnapshotPolicy} from '../plan/policy.ts'
import type {SnapshotRound} from '../plan/snapshot-round.ts'
import type {HookWork} from './job-work.ts'

/** The hooks of a round, ready to be used. A policy that takes no snapshots by itself has none. */
export function snapshotHookUses(
  {policy, hooks: {job, create}}: {readonly policy: SnapshotPolicy; readonly hooks: HookWork},
  round: SnapshotRound,
): readonly HookUse<string>[] {
  if (policy.type === 'manual') return []
  return planSnapshotHooks(policy.hooks, round.filesystems).map(({hook, filesystems}) => ({
    name: nameOfHook(hook),
    around: hook.per,
    subjects: filesystems,
    errIsFatal: hook.errIsFatal,
    timeoutMs: hook.timeoutMs,
    hook: create(hook, {job, around: hook.per, filesystems, snapshotName: round.name}),
  }))
}
