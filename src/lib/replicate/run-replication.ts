import {type RunContext, withFields, withSignal, withTask} from '../core/context.ts'
import {OperationalError, Stopped} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {waitForAll} from '../core/wait-for-all.ts'
import type {JobPlan} from '../plan/job-plan.ts'
import {notBegun, planned, progressed, stepFailed} from '../progress/run-state.ts'
import type {FilesystemReport} from '../report/report.ts'
import type {DatasetName} from '../zfs/name.ts'
import {prepareStreams} from './before-streams.ts'
import {createConnectionWatch} from './connection-watch.ts'
import {finishUpToDate} from './finish-up-to-date.ts'
import {createFinishing, type Finishing} from './finishing.ts'
import type {Failures} from './outcomes.ts'
import type {Pair} from './pair.ts'
import {plannedProgress} from './planned-progress.ts'
import {reportWithoutSteps} from './report-without-steps.ts'
import {type Ran, runFilesystem} from './run-filesystem.ts'
import {createSlots} from './slots.ts'
import {failedReport, type StepsPlan} from './steps-report.ts'
import {stoppedBy, unlessStopped} from './stopped.ts'

/**
 * Does what was planned, `concurrentSteps` filesystems at once, and reports each filesystem in the order of the plan.
 *
 * Increments that nothing waits for are confirmed, held and completed together after their streams. A filesystem that
 * fails does not stop the others, except those that need it on the receiver first. When the run is stopped nothing more is
 * begun, and each filesystem is reported as far as it has come. Throws only bugs, and what fails before the first stream.
 */
export async function runReplication(
  ctx: RunContext,
  pair: Pair,
  plan: JobPlan,
  concurrentSteps: number,
): Promise<readonly FilesystemReport[]> {
  const failed: Failures = new Map()
  pair.board.change(planned(await plannedProgress(ctx, pair, plan)))
  await unlessStopped(prepareStreams(ctx, pair, plan, failed), undefined)
  if (failed.size === 0) pair.board.change(progressed)
  for (const [filesystem, {message}] of failed) pair.board.change(stepFailed(filesystem, message))

  const ran = new Map<DatasetName, Promise<Ran>>()
  const finishing = createFinishing(pair)
  const connection = createConnectionWatch()
  const slots = createSlots(concurrentSteps)
  const stop = new AbortController()
  const beside = withSignal(ctx, stop.signal)
  for (const filesystem of plan.filesystems) {
    if (filesystem.kind === 'steps') ran.set(filesystem.filesystem, start(filesystem))
  }
  const all = await waitForAll([...ran.values()])
  await unlessStopped(finishing.finishAll(ctx), undefined)
  const reports = new Map(all.map((one) => [one.report.filesystem, reportFinished(one, finishing)]))
  const finished = await unlessStopped(finishUpToDate(ctx, pair, plan, failed), new Map())
  return await Promise.all(
    plan.filesystems.map(
      (filesystem) => reports.get(filesystem.filesystem) ?? reportWithoutSteps(filesystem, finished, failed),
    ),
  )

  async function start(filesystem: StepsPlan): Promise<Ran> {
    const parents = await Promise.all(
      filesystem.after.map(async (parent) => ({parent, report: (await ran.get(parent))?.report})),
    )
    const missing = parents.filter(
      ({report}) => report === undefined || !report.steps.some(({state}) => state === 'done'),
    )
    const error =
      failed.get(filesystem.filesystem) ?? stoppedBy(ctx) ?? parentError(missing.map(({parent}) => parent))
    if (error !== undefined) return skip(filesystem, error)
    const facts = {filesystem: filesystem.filesystem}
    return await slots.take(() => {
      const lost = connection.lost()
      return lost === undefined
        ? withTask(withFields(beside, facts), 'filesystem', facts, (ctx) =>
            runFilesystem(ctx, pair, filesystem, {connection, finishing}),
          ).catch(stopOthers)
        : skip(filesystem, lost)
    })
  }

  function skip(filesystem: StepsPlan, error: OperationalError | Stopped): Ran {
    pair.board.change(notBegun(filesystem.filesystem, error.message))
    return {report: failedReport(filesystem, [], {error, begun: error instanceof Stopped ? 0 : 1}, [])}
  }

  /** A filesystem does not throw what is its own failure. */
  function stopOthers(error: unknown): never {
    stop.abort(error)
    throw error
  }
}

function parentError(parents: readonly DatasetName[]): OperationalError | undefined {
  if (parents.length === 0) return undefined
  return new OperationalError(
    'parent-failed',
    `not begun, because its parent is not on the receiver: ${parents.map(quoted).join(', ')}`,
    {
      hint: 'see what the parent failed with',
    },
  )
}

function reportFinished({report, unfinished}: Ran, finishing: Finishing): FilesystemReport {
  if (unfinished === undefined) return report
  const {plan, series} = unfinished
  const last = series.at(-1) ?? series[0]
  if (finishing.isUnfinished(last)) return {...report, warnings: [...report.warnings, UNFINISHED]}
  const error = finishing.failure(last)
  if (error === undefined) return report
  const failure = {error, begun: series.length}
  return failedReport(plan, report.steps.slice(0, -series.length), failure, report.warnings)
}

const UNFINISHED = 'received, but stopped before the cursor was moved: the next run does that'
