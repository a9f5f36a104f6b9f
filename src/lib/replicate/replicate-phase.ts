import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {waitForAll} from '../core/wait-for-all.ts'
import {type JobPlan, type PlannedFilesystem, planReplication} from '../plan/job-plan.ts'
import {reportedError} from '../report/describe-error.ts'
import type {FilesystemReport, ReplicateReport} from '../report/report.ts'
import {checkCompression} from './check-compression.ts'
import {describeReplication} from './describe-replication.ts'
import type {JobWork, ReplicateWork} from './job-work.ts'
import type {Look} from './look.ts'
import {missingDataset, nothingMatches} from './missing.ts'
import type {Pair} from './pair.ts'
import {runReplication} from './run-replication.ts'
import {formatRunningPlan} from './running-plan.ts'

/** Sends what the receiver lacks, or in a dry run tells what that is. */
export async function replicatePhase(
  ctx: RunContext,
  work: Pick<Pair, 'sender' | 'receiver'> & ReplicateWork & Pick<JobWork, 'beside' | 'watchdog'>,
  look: {readonly sender: Look; readonly receiver: Look},
  {dryRun, sizes}: {readonly dryRun: boolean; readonly sizes: boolean},
): Promise<ReplicateReport> {
  const [sender, receiver] = await waitForAll([look.sender.see(), look.receiver.see()])
  if ('error' in sender) return {filesystems: [], error: reportedError(sender.error)}
  if ('error' in receiver) return {filesystems: [], error: reportedError(receiver.error)}
  const missing = sender.view.missing.map(missingFilesystem)
  try {
    checkCompression(work.policy.compression, {sender: sender.view, receiver: receiver.view})
    const plan = planReplication({
      sender: sender.view,
      receiver: receiver.view,
      policy: work.policy,
    })
    const maxStreams = Math.min(sender.view.maxStreams, receiver.view.maxStreams)
    const filesystems = dryRun
      ? await describeReplication(ctx, work.sender, plan)
      : await runAnnounced(ctx, {...work, sizes, maxStreams}, plan)
    if (!dryRun && plan.filesystems.some(changesSomething)) {
      look.sender.forget()
      look.receiver.forget()
    }
    const error = nothingMatches(sender.view)
    return {filesystems: [...missing, ...filesystems], ...(error === undefined ? {} : {error})}
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    look.sender.forget()
    look.receiver.forget()
    return {filesystems: missing, error: reportedError(error)}
  }
}

/** Whoever prunes beside this sees what is going to be needed from before the first step to after the last. */
async function runAnnounced(
  ctx: RunContext,
  work: Parameters<typeof replicatePhase>[1] & Pick<Pair, 'sizes' | 'maxStreams'>,
  plan: JobPlan,
): Promise<readonly FilesystemReport[]> {
  const hasSteps = plan.filesystems.some(({kind}) => kind === 'steps')
  const announced = hasSteps ? work.beside.announce(formatRunningPlan(work.beside.job, plan)) : undefined
  try {
    return await work.watchdog.guard(ctx, (ctx) =>
      runReplication(ctx, {...work, board: work.watchdog.board}, plan, work.policy.concurrentSteps),
    )
  } finally {
    announced?.withdraw()
  }
}

function changesSomething(plan: PlannedFilesystem): boolean {
  if (plan.kind === 'up-to-date') return plan.finish !== undefined || plan.abortPartial !== undefined
  return plan.kind === 'steps'
}

function missingFilesystem(filesystem: string): FilesystemReport {
  return {filesystem, state: 'failed', steps: [], warnings: [], error: missingDataset(filesystem)}
}
