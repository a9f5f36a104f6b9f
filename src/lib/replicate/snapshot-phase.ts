import type {RunContext} from '../core/context.ts'
import type {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {describeHooks, useHooks} from '../hook/use-hooks.ts'
import type {WantedSnapshots} from '../plan/due.ts'
import {idleHooks} from '../plan/hook-edges.ts'
import type {SnapshotRound} from '../plan/snapshot-round.ts'
import {reportedError} from '../report/describe-error.ts'
import type {HookReport, PoolRound, SnapshotReport, SnapshottedFilesystem} from '../report/report.ts'
import type {HookWork} from './job-work.ts'
import type {Look} from './look.ts'
import {missingDataset} from './missing.ts'
import {notTaken} from './not-taken.ts'
import {predictSnapshots} from './predict.ts'
import {snapshotHookUses} from './snapshot-hook-uses.ts'
import {planSnapshots, type SnapshotWork, type TakenSnapshots, takeSnapshots} from './take-snapshots.ts'

export type SnapshotPhaseOutcome = {
  readonly report: SnapshotReport
  readonly warnings: readonly string[]
}

/**
 * Takes the snapshots that are due, between the hooks of the job, or in a dry run only tells which. One name for all,
 * one instant per pool. What hooks were run is added to `reports`.
 */
export async function snapshotPhase(
  ctx: RunContext,
  work: SnapshotWork & {readonly hooks: HookWork},
  look: Look,
  {dryRun, wanted}: {readonly dryRun: boolean; readonly wanted: WantedSnapshots},
  reports: HookReport[],
): Promise<SnapshotPhaseOutcome> {
  const seen = await look.see()
  if ('error' in seen) {
    return {report: {filesystems: [], error: reportedError(seen.error)}, warnings: []}
  }
  const {filesystems: views, missing} = seen.view
  const request = {nowMs: ctx.clock.now(), wanted}
  const round = await planSnapshots(ctx, work, views, request)
  const uses = snapshotHookUses(work, round)
  if (dryRun) reports.push(...describeHooks(uses))
  const {filesystems, pools} = dryRun
    ? pretendRound(ctx, look, round)
    : await useHooks(ctx, uses, reports, async (vetoes) => {
        const vetoed = Array.from(vetoes, ([filesystem, error]) => vetoedBy(filesystem, error))
        const allowed = withoutVetoed(round, vetoes)
        const taken = await takeSnapshots(ctx, work, look, allowed, request)
        const told = {...taken, filesystems: [...taken.filesystems, ...vetoed]}
        return {value: told, outcome: told.filesystems.some(({error}) => error) ? 'error' : 'ok'}
      })
  const gone = missing.map((filesystem) => ({
    filesystem,
    state: 'failed' as const,
    error: missingDataset(filesystem),
  }))
  const names = views.map(({filesystem}) => filesystem)
  const idle = work.policy.type === 'manual' ? [] : idleHooks(work.policy.hooks, names)
  return {
    report: {
      ...(round.name === undefined ? {} : {name: round.name}),
      filesystems: [...filesystems, ...gone].toSorted((a, b) => (a.filesystem < b.filesystem ? -1 : 1)),
      ...(pools.length === 0 ? {} : {pools: [...pools]}),
    },
    warnings: [...round.warnings, ...idle, ...pools.flatMap(tornApart)],
  }
}

/** Later phases of a dry run go on as if the snapshots had been taken. */
function pretendRound(ctx: RunContext, look: Look, round: SnapshotRound): TakenSnapshots {
  if (round.name === undefined) return {filesystems: notTaken(round), pools: []}
  const {name: snapshot, filesystems} = round
  const nowMs = ctx.clock.now()
  look.pretend((view) => predictSnapshots(view, filesystems, snapshot, nowMs))
  const planned = filesystems.map((filesystem) => ({filesystem, state: 'planned' as const, snapshot}))
  return {filesystems: [...planned, ...notTaken(round)], pools: []}
}

function withoutVetoed(round: SnapshotRound, vetoes: {has(filesystem: string): boolean}): SnapshotRound {
  const filesystems = round.filesystems.filter((filesystem) => !vetoes.has(filesystem))
  return {...round, filesystems, name: filesystems.length === 0 ? undefined : round.name}
}

function vetoedBy(filesystem: string, error: OperationalError): SnapshottedFilesystem {
  const message = `no snapshot, because a hook failed before it: ${error.message}`
  return {filesystem, state: 'failed', error: {code: 'hook-failed', message}}
}

function tornApart({pool, snapshots, transactions, consistent}: PoolRound): readonly string[] {
  if (consistent) return []
  return [
    `the ${snapshots} snapshots of pool ${quoted(pool)} were taken in ${transactions} transactions: those of one are of one instant, those of different ones are not`,
  ]
}
