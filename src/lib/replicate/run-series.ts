import {type RunContext, withSpan} from '../core/context.ts'
import {OperationalError, Stopped} from '../core/errors.ts'
import type {ReceiveReply} from '../endpoint/receiver.ts'
import type {Series} from '../plan/series.ts'
import type {Step} from '../plan/step.ts'
import {progressed, stepDone, stepFailed} from '../progress/run-state.ts'
import type {StepReport} from '../report/report.ts'
import {throwUnlessDone} from './outcomes.ts'
import type {Pair} from './pair.ts'
import {runResumedStep} from './resumed-step.ts'
import {
  protectRequest,
  receiveRequest,
  sendRequest,
  seriesFields,
  stepFields,
  stepWords,
} from './step-request.ts'
import {stoppedBy} from './stopped.ts'
import {createStreamTimes, type StreamTimes} from './stream-times.ts'

/** What became of a series. */
export type RanSeries = {
  /** The steps whose snapshots are on the receiver, the first ones. */
  readonly done: readonly StepReport[]
  readonly warnings: readonly string[]
  readonly failure?: SeriesFailure
}

export type SeriesFailure = {
  readonly error: OperationalError | Stopped
  /** So many steps behind those that are done have been begun, and it is not known that their snapshots have arrived. */
  readonly begun: number
}

/**
 * One series in the order that is safe to be killed anywhere: all of its ends are protected, the streams are received, the
 * last one is confirmed by guid, the receiver holds it, and only then the sender's cursor moves and the protection goes.
 *
 * When it is interrupted, what has arrived stays, and so does all protection: the newest snapshot that has arrived and
 * the next one are among the ends, and the next run goes on between them.
 *
 * `finish: 'later'` leaves what comes after the streams to `Finishing`.
 */
export async function runSeries(
  ctx: RunContext,
  pair: Pair,
  series: Series,
  {isProtected, finish}: {readonly isProtected: boolean; readonly finish: 'now' | 'later'},
): Promise<RanSeries> {
  const [{filesystem}] = series
  const times = createStreamTimes(ctx, pair.board, series)
  const name = series.length === 1 ? 'step' : 'steps'
  try {
    ctx.signal.throwIfAborted()
    const {arrived, warnings, failure} = await withSpan(ctx, name, seriesFields(series), async (ctx) => {
      if (!isProtected) {
        throwUnlessDone(await pair.sender.protect(ctx, [protectRequest(series)]), 'cannot protect the step')
        pair.board.change(progressed)
      }
      const reply = await stream(ctx, pair, series, {finish, times})
      if (reply.failure === undefined && finish === 'now') await complete(ctx, pair, series)
      return reply
    })
    const done = series.slice(0, arrived).map((step, index) => {
      const durationMs = times.durationMs(index)
      pair.board.change(stepDone(filesystem))
      const words = finish === 'later' || failure !== undefined ? 'step received' : 'step done'
      ctx.log.of('repl').info(words, {...stepFields(step), durationMs})
      return {...stepWords(step), state: 'done' as const, durationMs}
    })
    return failure === undefined
      ? {done, warnings}
      : {
          done,
          warnings,
          failure: failed(ctx, pair, series, {error: failure, done: arrived, begun: 1}),
        }
  } catch (error) {
    if (!(error instanceof OperationalError || error instanceof Stopped)) throw error
    const begun = error instanceof Stopped ? times.count() : Math.max(1, times.count())
    return {done: [], warnings: [], failure: failed(ctx, pair, series, {error, done: 0, begun})}
  }
}

/** The streams of a series and what the receiver says to them. A step that continues a partial receive is alone in it. */
async function stream(
  ctx: RunContext,
  pair: Pair,
  series: Series,
  {finish, times}: {readonly finish: 'now' | 'later'; readonly times: StreamTimes},
): Promise<ReceiveReply> {
  async function transfer(steps: Series): Promise<ReceiveReply> {
    try {
      return await pair.transfer(ctx, steps.map(sendRequest), receiveRequests(steps, finish), times.began)
    } finally {
      times.ended()
    }
  }
  const [first] = series
  if (first.resumeToken === undefined) return await transfer(series)
  const warnings = await runResumedStep(ctx, pair.receiver, first, async (step) => {
    const {failure, warnings} = await transfer([step])
    if (failure !== undefined) throw failure
    return warnings
  })
  return {arrived: 1, warnings}
}

/** Only the last of them is looked for: the receiver could not have added it to anything but the one before. */
function receiveRequests(steps: Series, finish: 'now' | 'later') {
  return steps.map((step, index) => receiveRequest(step, index === steps.length - 1 ? finish : 'later'))
}

async function complete(ctx: RunContext, {sender}: Pair, series: Series): Promise<void> {
  const {filesystem, to, protection}: Step = series.at(-1) ?? series[0]
  throwUnlessDone(
    await sender.complete(ctx, [{filesystem, to: to.guid, protection}]),
    'received, but cannot move the cursor',
  )
}

function failed(
  ctx: RunContext,
  {board}: Pair,
  series: Series,
  {done, begun, ...failure}: SeriesFailure & {readonly done: number},
): SeriesFailure {
  const error = stoppedBy(ctx) ?? failure.error
  board.change(stepFailed(series[0].filesystem, error.message))
  ctx.log.of('repl').info('step failed', {...stepFields(series[done] ?? series[0]), error: error.message})
  return {error, begun}
}
