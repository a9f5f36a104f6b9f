import type {EndedSpan} from '../core/context.ts'
import {isAtOrBelow} from '../core/span-stack.ts'
import type {SpanKeeper} from './span.ts'

/** More than any run of thousands of filesystems has; what comes then is counted. */
const MAX_SPANS = 200_000

/** Keeps the spans of one process. */
export type SpanRecorder = SpanKeeper & {
  /**
   * What is kept, in the order of their beginning, only `below` one if it is given (itself included). One that has not
   * ended is there as if it ended at `nowUs`, marked `unended`.
   */
  spans(nowUs: number, below?: string): readonly EndedSpan[]
  /** How many were too many. */
  dropped(): number
}

/** A recorder that has seen nothing. */
export function createSpanRecorder(maxSpans = MAX_SPANS): SpanRecorder {
  const open = new Map<string, Omit<EndedSpan, 'endUs'>>()
  const ended: EndedSpan[] = []
  let dropped = 0
  return {
    begin(span) {
      open.set(span.stack, span)
    },
    end(span) {
      open.delete(span.stack)
      if (ended.length < maxSpans) ended.push(span)
      else dropped += 1
    },
    spans(nowUs, below) {
      const unended = Array.from(open.values(), (span) => ({
        ...span,
        endUs: Math.max(span.startUs, nowUs),
        fields: {...span.fields, unended: true},
      }))
      return [...ended, ...unended]
        .filter(({stack}) => below === undefined || isAtOrBelow(stack, below))
        .toSorted((a, b) => a.startUs - b.startUs || a.stack.length - b.stack.length)
    },
    dropped: () => dropped,
  }
}
