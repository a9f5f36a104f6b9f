import {type RunContext, withFields, withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Receiver} from '../endpoint/receiver.ts'
import type {CompleteRequest, ProtectRequest, Sender} from '../endpoint/sender.ts'
import type {Transfer} from '../endpoint/transfer.ts'
import type {JobPlan, PlannedFilesystem} from '../plan/job-plan.ts'
import {describeStep, type Step} from '../plan/step.ts'
import type {Board} from '../progress/board.ts'
import {planned, progressed, stepDone, stepFailed, streamBegan, streamEnded} from '../progress/run-state.ts'
import {reportedError} from '../report/describe-error.ts'
import type {FilesystemReport, StepReport} from '../report/report.ts'
import type {Outcome} from '../zfs/client.ts'
import type {DatasetName} from '../zfs/name.ts'
import {shortName} from '../zfs/version.ts'
import {type ConnectionWatch, createConnectionWatch} from './connection-watch.ts'
import {createFinishing, type Finishing} from './finishing.ts'
import {latestVersion} from './latest-version.ts'
import {reportWithoutSteps} from './report-without-steps.ts'
import {runResumedStep} from './resumed-step.ts'
import {createSlots} from './slots.ts'
import {
  protectRequest,
  receiveRequest,
  sendRequest,
  setAsideWords,
  stepFields,
  stepWords,
} from './step-request.ts'

/** The two sides of a replication and the pipe between them. */
export type Pair = {
  readonly sender: Sender
  readonly receiver: Receiver
  readonly transfer: Transfer
  /** Where it is told how it comes on. */
  readonly board: Board
  /** Somebody looks, and wants to know how much there is to do. */
  readonly sizes: boolean
}

type StepsPlan = Extract<PlannedFilesystem, {kind: 'steps'}>

/**
 * Does what was planned, `concurrentSteps` filesystems at once, and reports each filesystem in the order of the plan.
 *
 * What can be done for many filesystems in one request is: partial receives are given up, and the first steps
 * protected, before the first stream; increments that nothing waits for are confirmed, held and completed together
 * after their streams. A filesystem that fails does not stop the others, except those that need it on
 * the receiver first. Throws only what stops the run as a whole.
 */
export async function runReplication(
  ctx: RunContext,
  pair: Pair,
  plan: JobPlan,
  concurrentSteps: number,
): Promise<readonly FilesystemReport[]> {
  const failed = new Map<DatasetName, OperationalError>()
  const steps = plan.filesystems.flatMap((filesystem) =>
    filesystem.kind === 'steps' ? filesystem.steps : [],
  )
  pair.board.change(planned(steps.length, await expectedBytes(ctx, pair, steps)))
  await abortPartials(ctx, pair, plan, failed)
  await setAside(ctx, pair, plan, failed)
  await protectFirstSteps(ctx, pair, plan, failed)
  pair.board.change(progressed)

  const ran = new Map<DatasetName, Promise<Ran>>()
  const finishing = createFinishing(pair)
  const connection = createConnectionWatch()
  const slots = createSlots(concurrentSteps)
  for (const filesystem of plan.filesystems) {
    if (filesystem.kind === 'steps') ran.set(filesystem.filesystem, start(filesystem))
  }
  const all = await Promise.all(ran.values())
  await finishing.finishAll(ctx)
  const reports = new Map(all.map((one) => [one.report.filesystem, reportFinished(one, finishing)]))
  const finished = await finishUpToDate(ctx, pair, plan, failed)
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
    const error = failed.get(filesystem.filesystem) ?? parentError(missing.map(({parent}) => parent))
    if (error !== undefined) return {report: stepsReport(filesystem, [], error, [])}
    return await slots.take(() => {
      const lost = connection.lost()
      return lost === undefined
        ? runFilesystem(ctx, pair, filesystem, {connection, finishing})
        : {report: stepsReport(filesystem, [], lost, [])}
    })
  }
}

/** How far a filesystem has come; with `unfinished`, if that step can still be finished. */
type Ran = {
  readonly report: FilesystemReport
  readonly unfinished?: {readonly plan: StepsPlan; readonly step: Step}
}

function reportFinished({report, unfinished}: Ran, finishing: Finishing): FilesystemReport {
  if (unfinished === undefined) return report
  const error = finishing.failure(unfinished.step)
  return error === undefined
    ? report
    : stepsReport(unfinished.plan, report.steps.slice(0, -1), error, report.warnings)
}

/** One filesystem's steps, one after the other; the first that fails ends it. */
async function runFilesystem(
  ctx: RunContext,
  pair: Pair,
  plan: StepsPlan,
  {connection, finishing}: {readonly connection: ConnectionWatch; readonly finishing: Finishing},
): Promise<Ran> {
  const done: StepReport[] = []
  const warnings: string[] = plan.setAside === undefined ? [] : [setAsideWords(plan.setAside)]
  const {filesystem} = plan
  for (const [index, step] of plan.steps.entries()) {
    const startedAt = ctx.clock.monotonic()
    const finish = finishOf(plan, index)
    try {
      ctx.signal.throwIfAborted()
      await withSpan(withFields(ctx, {filesystem}), 'step', stepFields(step), async (ctx) => {
        ctx.log.info('step begins', stepFields(step))
        if (index > 0)
          throwIfFailed(await pair.sender.protect(ctx, [protectRequest(step)]), 'cannot protect the step')
        const run = (step: Step) => runStep(ctx, pair, step, finish)
        const runs =
          step.resumeToken === undefined ? run(step) : runResumedStep(ctx, pair.receiver, step, run)
        warnings.push(...(await runs))
        ctx.log.info(finish === 'later' ? 'step received' : 'step done', {
          ...stepFields(step),
          durationMs: Math.round(ctx.clock.monotonic() - startedAt),
        })
      })
      pair.board.change(stepDone)
      connection.works()
      if (finish === 'later') await finishing.add(ctx, step)
      done.push({
        ...stepWords(step),
        state: 'done',
        durationMs: Math.round(ctx.clock.monotonic() - startedAt),
      })
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      pair.board.change(stepFailed(error.message))
      connection.failed(error)
      withFields(ctx, {filesystem}).log.info('step failed', {...stepFields(step), error: error.message})
      return {report: stepsReport(plan, done, error, warnings)}
    }
  }
  const last = plan.steps.at(-1)
  const report: FilesystemReport = {
    filesystem,
    state: 'done',
    ...latestVersion(last?.to),
    steps: done,
    warnings,
  }
  return last !== undefined && finishOf(plan, plan.steps.length - 1) === 'later'
    ? {report, unfinished: {plan, step: last}}
    : {report}
}

/**
 * A filesystem's last step can be finished together with those of others, unless somebody waits for it: what is received
 * below a filesystem waits for the one that creates it. Where nothing is guaranteed there is nothing to gather.
 */
function finishOf({steps}: StepsPlan, index: number): 'now' | 'later' {
  const isLast = index === steps.length - 1
  const isGuaranteed = steps[index]?.protection !== 'guarantee_nothing'
  return isLast && isGuaranteed && steps[0].from !== undefined ? 'later' : 'now'
}

/**
 * One step in the order that is safe to be killed anywhere: the stream is received and confirmed by guid, the receiver
 * holds it, and only then the sender's cursor moves and the step's protection goes.
 */
async function runStep(
  ctx: RunContext,
  pair: Pair,
  step: Step,
  finish: 'now' | 'later',
): Promise<readonly string[]> {
  const {warnings} = await streamed(pair.board, step, () =>
    pair.transfer(ctx, sendRequest(step), receiveRequest(step, finish)),
  )
  if (finish === 'later') return warnings
  const {filesystem, to, protection} = step
  throwIfFailed(
    await pair.sender.complete(ctx, [{filesystem, to: to.guid, protection}]),
    'received, but cannot move the cursor',
  )
  return warnings
}

/** What all steps will move by ZFS's estimates; `undefined` unless it is known of each. */
async function expectedBytes(
  ctx: RunContext,
  {sender, sizes}: Pair,
  steps: readonly Step[],
): Promise<bigint | undefined> {
  if (!sizes || steps.length === 0) return undefined
  const estimates = await sender.estimate(ctx, steps.map(sendRequest))
  return estimates.reduce<bigint | undefined>(
    (sum, {bytes}) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0n,
  )
}

/** Tells of a stream while it lasts. */
async function streamed<T>(board: Board, step: Step, transfer: () => Promise<T>): Promise<T> {
  const {filesystem} = step
  board.change(streamBegan(filesystem, describeStep(step)))
  try {
    return await transfer()
  } finally {
    board.change(streamEnded(filesystem))
  }
}

/** Filesystems whose partial receive cannot be given up fail; those that need no step are told by their report. */
async function abortPartials(
  ctx: RunContext,
  {receiver}: Pair,
  plan: JobPlan,
  failed: Map<DatasetName, OperationalError>,
): Promise<void> {
  const stuck = plan.filesystems.filter(
    (filesystem) =>
      (filesystem.kind === 'steps' || filesystem.kind === 'up-to-date') &&
      filesystem.abortPartial !== undefined,
  )
  if (stuck.length === 0) return
  for (const filesystem of stuck) {
    if ('abortPartial' in filesystem)
      ctx.log.warn('partial receive given up', {
        filesystem: filesystem.filesystem,
        because: filesystem.abortPartial,
      })
  }
  const names = stuck.map(({filesystem}) => filesystem)
  noteFailures(
    names,
    await receiver.abortPartial(ctx, names),
    'resume',
    'cannot give up the partial receive',
    failed,
  )
}

/** Copies that cannot be continued make room before anything is sent. */
async function setAside(
  ctx: RunContext,
  {receiver}: Pair,
  plan: JobPlan,
  failed: Map<DatasetName, OperationalError>,
): Promise<void> {
  const copies = plan.filesystems.flatMap((filesystem) =>
    filesystem.kind === 'steps' && filesystem.setAside !== undefined
      ? [{filesystem: filesystem.filesystem, newest: filesystem.setAside.newest}]
      : [],
  )
  if (copies.length === 0) return
  const names = copies.map(({filesystem}) => filesystem)
  noteFailures(
    names,
    await receiver.setAside(ctx, copies),
    'zfs-failed',
    "cannot set the receiver's copy aside",
    failed,
  )
}

async function protectFirstSteps(
  ctx: RunContext,
  {sender}: Pair,
  plan: JobPlan,
  failed: Map<DatasetName, OperationalError>,
): Promise<void> {
  const requests: ProtectRequest[] = plan.filesystems.flatMap((filesystem) =>
    filesystem.kind === 'steps' && !failed.has(filesystem.filesystem)
      ? protectRequest(filesystem.steps[0])
      : [],
  )
  if (requests.length === 0) return
  const names = requests.map(({filesystem}) => filesystem)
  noteFailures(names, await sender.protect(ctx, requests), 'zfs-failed', 'cannot protect the step', failed)
}

/**
 * What an earlier run left undone where nothing is to be sent: the receiver's hold first, then the sender's cursor.
 * Returns the filesystems that were finished.
 */
async function finishUpToDate(
  ctx: RunContext,
  {sender, receiver}: Pair,
  plan: JobPlan,
  failed: Map<DatasetName, OperationalError>,
): Promise<ReadonlyMap<DatasetName, string>> {
  const finish = plan.filesystems.flatMap(({filesystem, ...plan}) =>
    plan.kind === 'up-to-date' && plan.finish !== undefined ? [{filesystem, ...plan.finish}] : [],
  )
  const holds = finish
    .filter(({holdReceiver}) => holdReceiver)
    .map(({filesystem, to}) => ({filesystem, to: to.guid}))
  if (holds.length > 0) {
    const names = holds.map(({filesystem}) => filesystem)
    noteFailures(
      names,
      await receiver.holdLastReceived(ctx, holds),
      'zfs-failed',
      'cannot hold the last received snapshot',
      failed,
    )
  }
  const completions: CompleteRequest[] = finish
    .filter(({filesystem, completeSender}) => completeSender && !failed.has(filesystem))
    .map(({filesystem, to, protection}) => ({filesystem, to: to.guid, protection}))
  if (completions.length > 0) {
    const names = completions.map(({filesystem}) => filesystem)
    noteFailures(
      names,
      await sender.complete(ctx, completions),
      'zfs-failed',
      'cannot move the cursor',
      failed,
    )
  }
  return new Map(
    finish.map(({filesystem, to}) => [
      filesystem,
      `finished what an earlier run had left at ${shortName(to)}`,
    ]),
  )
}

function stepsReport(
  plan: StepsPlan,
  done: readonly StepReport[],
  error: OperationalError,
  warnings: readonly string[],
): FilesystemReport {
  const rest = plan.steps.slice(done.length).map(
    (step, index): StepReport => ({
      ...stepWords(step),
      state: index === 0 && error.code !== 'parent-failed' ? 'failed' : 'not-reached',
    }),
  )
  return {
    filesystem: plan.filesystem,
    state: 'failed',
    ...latestVersion(plan.steps[done.length]?.from),
    steps: [...done, ...rest],
    error: reportedError(error),
    warnings: [...warnings],
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

function noteFailures(
  filesystems: readonly DatasetName[],
  outcomes: readonly Outcome[],
  code: OperationalError['code'],
  what: string,
  failed: Map<DatasetName, OperationalError>,
): void {
  for (const [index, filesystem] of filesystems.entries()) {
    const outcome = outcomes[index]
    if (outcome?.kind === 'done') continue
    failed.set(filesystem, new OperationalError(code, `${what}: ${outcome?.failure.message ?? 'no answer'}`))
  }
}

function throwIfFailed(outcomes: readonly Outcome[], what: string): void {
  const failed = outcomes.find((outcome) => outcome.kind === 'failed')
  if (failed?.kind === 'failed')
    throw new OperationalError('zfs-failed', `${what}: ${failed.failure.message}`)
}
