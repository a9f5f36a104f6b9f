import {type RunContext, withSpan} from '../core/context.ts'
import {Stopped} from '../core/errors.ts'
import {EXIT} from '../core/exit-code.ts'
import {waitForAll} from '../core/wait-for-all.ts'
import type {WantedSnapshots} from '../plan/due.ts'
import type {PhaseHook} from '../plan/hook-policy.ts'
import {entered} from '../progress/run-state.ts'
import {reportedError} from '../report/describe-error.ts'
import {statusOf} from '../report/exit-status.ts'
import type {
  HookReport,
  PruneReport,
  ReplicateReport,
  ReportedError,
  SnapshotReport,
} from '../report/report.ts'
import {aroundPhase, type Guarded} from './around-phase.ts'
import type {JobWork} from './job-work.ts'
import {createLook} from './look.ts'
import type {Phase} from './phase.ts'
import {type PrunePhaseOutcome, prunePhase} from './prune-phase.ts'
import {replicatePhase} from './replicate-phase.ts'
import {snapshotPhase} from './snapshot-phase.ts'

export type RunRequest = {
  readonly phases: readonly Phase[]
  readonly dryRun: boolean
  /** Ask for the sizes of what is going to be sent, for people who look on. */
  readonly sizes: boolean
  /** Destroy more in one go than `pruning.limit` allows, and in spite of a clock that looks wrong. */
  readonly yesLargePrune: boolean
  readonly wanted: WantedSnapshots
}

/** What each phase came to. A phase that was not asked for, or that the job does not have, is absent. */
export type JobOutcome = {
  readonly warnings: readonly string[]
  readonly snapshot?: SnapshotReport
  readonly replicate?: ReplicateReport
  readonly pruneSender?: PruneReport
  readonly pruneReceiver?: PruneReport
  readonly hooks?: HookReport[]
  /** Why nothing was done, or not more than the phases tell. */
  readonly error?: ReportedError
}

/**
 * Runs the phases of one job, each between its hooks. Each looks, decides, acts and tells; what one has changed, the
 * next looks at again. A side that cannot be reached fails the phases that need it, not the others. When the run is stopped
 * no phase is begun any more, and those before tell what they have done.
 */
export async function runJob(ctx: RunContext, work: JobWork, request: RunRequest): Promise<JobOutcome> {
  const reports: HookReport[] = []
  const between = {hooks: work.hooks, dryRun: request.dryRun, reports}
  const around: Around = (ctx, what, guarded) => {
    if (what === 'snapshot' || what === 'replicate') work.watchdog.board.change(entered(what))
    return withSpan(ctx, what, {}, (ctx) => aroundPhase(ctx, between, what, guarded))
  }
  const done = createDone()
  const outcome = await aroundPhase<JobOutcome>(ctx, between, 'job', {
    run: async (ctx) => {
      await runPhases(ctx, work, request, around, {reports, done})
      return done.outcome()
    },
    vetoed: (error) => ({warnings: [], error}),
    isOk,
  }).catch((error): JobOutcome => {
    if (!(error instanceof Stopped)) throw error
    return {...done.outcome(), error: reportedError(error)}
  })
  return reports.length === 0 ? outcome : {...outcome, hooks: reports}
}

/** Gathers what the phases came to, so that it is told also of a run that is stopped behind them. */
function createDone() {
  let outcome: JobOutcome = {warnings: []}
  return {
    add: (part: Partial<JobOutcome>) => {
      outcome = {...outcome, ...part}
    },
    outcome: () => outcome,
  }
}

type Around = <T>(ctx: RunContext, what: PhaseHook['around'], guarded: Guarded<T>) => Promise<T>

async function runPhases(
  ctx: RunContext,
  work: JobWork,
  request: RunRequest,
  around: Around,
  {reports, done}: {readonly reports: HookReport[]; readonly done: ReturnType<typeof createDone>},
): Promise<void> {
  const sender = work.sender && createLook(ctx, 'sender', work.sender)
  const receiver = work.receiver && createLook(ctx, 'receiver', work.receiver)
  const wants = (phase: Phase) => request.phases.includes(phase)

  // Both sides look at the same time, where both are going to be needed; but a hook may have to wake the peer first.
  const early =
    work.hooks.phases.length > 0
      ? []
      : [sender?.see(), wants('replicate') || wants('prune') ? receiver?.see() : undefined]
  await waitForAll(early)

  const {snapshot: snapshotWork} = work
  const snapshot =
    wants('snapshot') && snapshotWork && sender
      ? await around(ctx, 'snapshot', {
          run: (ctx) => snapshotPhase(ctx, {...snapshotWork, hooks: work.hooks}, sender, request, reports),
          vetoed: (error) => ({report: {filesystems: [], error}, warnings: []}),
          isOk: ({report}) => isOk({snapshot: report}),
        })
      : undefined
  if (snapshot !== undefined) done.add({snapshot: snapshot.report, warnings: snapshot.warnings})
  ctx.signal.throwIfAborted()
  const {replicate: replicateWork, sender: source, receiver: target} = work
  const replicate =
    wants('replicate') && replicateWork && source && target && sender && receiver
      ? await around(ctx, 'replicate', {
          run: (ctx) =>
            replicatePhase(
              ctx,
              {
                sender: source,
                receiver: target,
                beside: work.beside,
                watchdog: work.watchdog,
                ...replicateWork,
              },
              {sender, receiver},
              request,
            ),
          vetoed: (error): ReplicateReport => ({filesystems: [], error}),
          isOk: (report) => isOk({replicate: report}),
        })
      : undefined
  if (replicate !== undefined) done.add({replicate})
  ctx.signal.throwIfAborted()
  if (wants('prune') && work.prune) {
    const prune = await around(ctx, 'prune', {
      run: (ctx) => prunePhase(ctx, work, {sender, receiver}, replicate, request),
      vetoed: (error): PrunePhaseOutcome => ({pruneSender: {filesystems: [], error}}),
      isOk,
    })
    done.add(prune)
  }
  ctx.signal.throwIfAborted()
}

function isOk(report: Parameters<typeof statusOf>[0]): boolean {
  return statusOf(report) === EXIT.ok
}
