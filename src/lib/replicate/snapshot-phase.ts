import type {RunContext} from '../core/context.ts'
import {withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {LocalSender} from '../endpoint/sender.ts'
import {planSnapshots, type SnapshotRound} from '../plan/due.ts'
import type {SnapshotPolicy} from '../plan/policy.ts'
import {reportedError} from '../report/describe-error.ts'
import type {SnapshotReport, SnapshottedFilesystem} from '../report/report.ts'
import type {Look} from './look.ts'
import {missingDataset} from './missing.ts'
import {predictSnapshots} from './predict.ts'

export type SnapshotPhaseOutcome = {readonly report: SnapshotReport; readonly warnings: readonly string[]}

/** Takes the snapshots that are due, or in a dry run only tells which. One name for all, one instant per pool. */
export async function snapshotPhase(
  ctx: RunContext,
  work: {readonly sender: LocalSender; readonly policy: SnapshotPolicy},
  look: Look,
  request: {readonly dryRun: boolean; readonly snapshotName: string | undefined},
): Promise<SnapshotPhaseOutcome> {
  const seen = await look.see()
  if ('error' in seen) return {report: {filesystems: [], error: reportedError(seen.error)}, warnings: []}

  const round = planSnapshots(work.policy, seen.view.filesystems, ctx.clock.now(), {
    force: request.snapshotName,
  })
  const due = request.dryRun ? round.filesystems.map(planned) : await takeRound(ctx, work.sender, round)
  if (due.some(({state}) => state === 'taken')) look.forget()
  if (request.dryRun && round.name !== undefined) {
    look.pretend(predictSnapshots(seen.view, round.filesystems, round.name, ctx.clock.now()))
  }
  const filesystems = [
    ...due,
    ...round.refused.map(({filesystem, because}) => failed(filesystem, because)),
    ...round.notDue.map(({filesystem, nextDueMs}) => notDue(filesystem, nextDueMs)),
    ...seen.view.missing.map((filesystem) => ({
      filesystem,
      state: 'failed' as const,
      error: missingDataset(filesystem),
    })),
  ].toSorted((a, b) => (a.filesystem < b.filesystem ? -1 : 1))
  return {
    report: {...(round.name === undefined ? {} : {name: round.name}), filesystems},
    warnings: round.warnings,
  }
}

async function takeRound(
  ctx: RunContext,
  sender: LocalSender,
  {name, filesystems}: SnapshotRound,
): Promise<SnapshottedFilesystem[]> {
  if (name === undefined) return []
  try {
    const outcomes = await withSpan(ctx, 'take-snapshots', {name}, (ctx) =>
      sender.takeSnapshots(ctx, filesystems, name),
    )
    return filesystems.map((filesystem, index) => {
      const outcome = outcomes[index]
      if (outcome?.kind !== 'done') return failed(filesystem, outcome?.failure.message ?? 'no answer')
      ctx.log.info('snapshot taken', {filesystem, snapshot: name})
      return {filesystem, state: 'taken'}
    })
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return filesystems.map((filesystem) => ({filesystem, state: 'failed', error: reportedError(error)}))
  }
}

function planned(filesystem: string): SnapshottedFilesystem {
  return {filesystem, state: 'planned'}
}

function failed(filesystem: string, message: string): SnapshottedFilesystem {
  return {filesystem, state: 'failed', error: {code: 'snapshot-failed', message}}
}

function notDue(filesystem: string, nextDueMs: number): SnapshottedFilesystem {
  return {filesystem, state: 'not-due', dueAt: new Date(nextDueMs).toISOString()}
}
