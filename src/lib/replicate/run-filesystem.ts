import {type RunContext, withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {describeStep, type Step} from '../plan/step.ts'
import type {Board} from '../progress/board.ts'
import {progressed, stepDone, stepFailed, streamBegan, streamEnded} from '../progress/run-state.ts'
import type {FilesystemReport, StepReport} from '../report/report.ts'
import type {ConnectionWatch} from './connection-watch.ts'
import type {Finishing} from './finishing.ts'
import {latestVersion} from './latest-version.ts'
import {throwIfFailed} from './outcomes.ts'
import type {Pair} from './pair.ts'
import {runResumedStep} from './resumed-step.ts'
import {
  protectRequest,
  receiveRequest,
  sendRequest,
  sentBeforeWarnings,
  setAsideWords,
  stepFields,
  stepWords,
} from './step-request.ts'
import {failedReport, type StepsPlan} from './steps-report.ts'

/** How far a filesystem has come; with `unfinished`, if that step can still be finished. */
export type Ran = {
  readonly report: FilesystemReport
  readonly unfinished?: {readonly plan: StepsPlan; readonly step: Step}
}

/** One filesystem's steps, one after the other; the first that fails ends it. */
export async function runFilesystem(
  ctx: RunContext,
  pair: Pair,
  plan: StepsPlan,
  {connection, finishing}: {readonly connection: ConnectionWatch; readonly finishing: Finishing},
): Promise<Ran> {
  const done: StepReport[] = []
  const warnings: string[] = [
    ...(plan.setAside === undefined ? [] : [setAsideWords(plan.setAside)]),
    ...sentBeforeWarnings(plan),
  ]
  const {filesystem} = plan
  for (const [index, step] of plan.steps.entries()) {
    const startedAt = ctx.clock.monotonic()
    const finish = finishOf(plan, index)
    try {
      ctx.signal.throwIfAborted()
      await withSpan(ctx, 'step', stepFields(step), async (ctx) => {
        ctx.log.of('repl').info('step begins', stepFields(step))
        if (index > 0) {
          throwIfFailed(await pair.sender.protect(ctx, [protectRequest(step)]), 'cannot protect the step')
          pair.board.change(progressed)
        }
        const run = (step: Step) => runStep(ctx, pair, step, finish)
        const runs =
          step.resumeToken === undefined ? run(step) : runResumedStep(ctx, pair.receiver, step, run)
        warnings.push(...(await runs))
        ctx.log.of('repl').info(finish === 'later' ? 'step received' : 'step done', {
          ...stepFields(step),
          durationMs: Math.round(ctx.clock.monotonic() - startedAt),
        })
      })
      pair.board.change(stepDone(filesystem))
      connection.works()
      if (finish === 'later') await finishing.add(ctx, step)
      done.push({
        ...stepWords(step),
        state: 'done',
        durationMs: Math.round(ctx.clock.monotonic() - startedAt),
      })
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      pair.board.change(stepFailed(filesystem, error.message))
      connection.failed(error)
      ctx.log.of('repl').info('step failed', {...stepFields(step), error: error.message})
      return {report: failedReport(plan, done, error, warnings)}
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
