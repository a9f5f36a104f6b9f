import type {RunContext} from '../core/context.ts'
import type {WantedSnapshots} from '../plan/due.ts'
import type {PruneReport, ReplicateReport, SnapshotReport} from '../report/report.ts'
import type {JobWork} from './job-work.ts'
import {createLook} from './look.ts'
import type {Phase} from './phase.ts'
import {prunePhase} from './prune-phase.ts'
import {replicatePhase} from './replicate-phase.ts'
import {snapshotPhase} from './snapshot-phase.ts'

export type RunRequest = {
  readonly phases: readonly Phase[]
  readonly dryRun: boolean
  readonly wanted: WantedSnapshots
}

/** What each phase came to. A phase that was not asked for, or that the job does not have, is absent. */
export type JobOutcome = {
  readonly warnings: readonly string[]
  readonly snapshot?: SnapshotReport
  readonly replicate?: ReplicateReport
  readonly pruneSender?: PruneReport
  readonly pruneReceiver?: PruneReport
}

/**
 * Runs the phases of one job. Each looks, decides, acts and tells; what one has changed, the next looks at again.
 * A side that cannot be reached fails the phases that need it, not the others.
 */
export async function runJob(ctx: RunContext, work: JobWork, request: RunRequest): Promise<JobOutcome> {
  const sender = work.sender && createLook(ctx, 'sender', work.sender)
  const receiver = work.receiver && createLook(ctx, 'receiver', work.receiver)
  const wants = (phase: Phase) => request.phases.includes(phase)

  // Both sides look at the same time, where both are going to be needed.
  const early = [sender?.see(), wants('replicate') || wants('prune') ? receiver?.see() : undefined]
  await Promise.all(early)

  const snapshot =
    wants('snapshot') && work.snapshot && sender
      ? await snapshotPhase(ctx, work.snapshot, sender, request)
      : undefined
  const replicate =
    wants('replicate') && work.replicate && work.sender && work.receiver && sender && receiver
      ? await replicatePhase(
          ctx,
          {sender: work.sender, receiver: work.receiver, ...work.replicate},
          {sender, receiver},
          request,
        )
      : undefined
  const prune =
    wants('prune') && work.prune ? await prunePhase(ctx, work, {sender, receiver}, replicate, request) : {}
  return {
    warnings: snapshot?.warnings ?? [],
    ...(snapshot === undefined ? {} : {snapshot: snapshot.report}),
    ...(replicate === undefined ? {} : {replicate}),
    ...prune,
  }
}
