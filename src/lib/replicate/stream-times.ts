import type {RunContext} from '../core/context.ts'
import type {Series} from '../plan/series.ts'
import {describeStep} from '../plan/step.ts'
import type {Board} from '../progress/board.ts'
import {progressed, streamBegan, streamEnded} from '../progress/run-state.ts'
import {stepFields} from './step-request.ts'

/** Tells which stream of a series is under way, and remembers when each began. */
export type StreamTimes = {
  /** The stream of this step is about to begin, carried by this process; the one before has ended. */
  began(index: number, carrier?: number): void
  /** None is under way any more. */
  ended(): void
  /** How many have begun. */
  count(): number
  /** From the beginning of a step's stream to that of the next, or to the end, milliseconds. */
  durationMs(index: number): number
}

export function createStreamTimes(ctx: RunContext, board: Board, series: Series): StreamTimes {
  const [{filesystem}] = series
  const times: number[] = []
  let endedAt: number | undefined
  return {
    began(index, carrier) {
      const step = series[index]
      if (step === undefined) return
      times.length = index
      times.push(ctx.clock.monotonic())
      const position = series.length === 1 ? '' : ` (${index + 1} of ${series.length})`
      // The one before has been written, or received, as a whole.
      if (index > 0) board.change(progressed)
      board.change(streamBegan(filesystem, `${describeStep(step)}${position}`, carrier))
      ctx.log.of('repl').info('step begins', stepFields(step))
    },
    ended() {
      endedAt = ctx.clock.monotonic()
      board.change(streamEnded(filesystem))
    },
    count: () => times.length,
    durationMs(index) {
      const until = times[index + 1] ?? endedAt ?? ctx.clock.monotonic()
      return Math.round(until - (times[index] ?? until))
    },
  }
}
