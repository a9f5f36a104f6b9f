import type {EndedSpan, Span} from '../core/context.ts'
import {isAtOrBelow, stackAbove} from '../core/span-stack.ts'
import {toldBytes} from './told-bytes.ts'

/** The spans of the passive side, where anybody keeps spans, put below the spans of the requests that caused them. */
export type FarSpans = {
  /** A request of `span` goes out. */
  asked(span: Span): void
  /** It has been answered. */
  answered(): void
  /** A span of the passive side has ended, by its own clock. */
  told(span: EndedSpan): void
  /** Nothing more is going to be told. */
  end(): void
}

/** More than any honest request has; what comes then is dropped. */
const MAX_SPANS = 20_000
/** Likewise of one request, bytes as `toldBytes` counts them: an honest span takes a few hundred. */
const MAX_EXCHANGE_BYTES = 16 * 1024 * 1024
/** Of all requests of a lane, also of those that are over: whoever keeps spans keeps them until the run is over. */
const MAX_LANE_BYTES = 64 * 1024 * 1024
/** Requests whose spans may still be on their way. */
const MAX_EXCHANGES = 16

/** Times are microseconds: ours of sending and of the answer, the peer's of its first and last moment with the request. */
type Exchange = {
  readonly span: Span
  readonly sentUs: number
  answeredUs: number | undefined
  serving: EndedSpan | undefined
  readonly spans: EndedSpan[]
  bytes: number
}

/**
 * Collects the spans of one lane and adopts those of each request when both it and its answer are complete. How far the
 * peer's clock is ahead is estimated as NTP does: from the four times of a request, believing the one that was under way
 * shortest (RFC 5905, section 8). No span is put outside of its request, whatever the peer says.
 */
export function createFarSpans(host: string): FarSpans {
  const exchanges: Exchange[] = []
  let laneBytes = 0
  let best: {readonly aheadUs: number; readonly delayUs: number} | undefined

  function settle(exchange: Exchange): void {
    const {sentUs, answeredUs, serving} = exchange
    if (answeredUs === undefined || serving === undefined) return
    const delayUs = answeredUs - sentUs - (serving.endUs - serving.startUs)
    const aheadUs = (serving.startUs - sentUs + (serving.endUs - answeredUs)) / 2
    if (best === undefined || delayUs < best.delayUs) best = {aheadUs, delayUs}
    adopt(exchange)
  }

  function adopt(exchange: Exchange): void {
    exchanges.splice(exchanges.indexOf(exchange), 1)
    const {span, sentUs, spans} = exchange
    const untilUs = exchange.answeredUs ?? span.nowUs()
    const aheadUs = aheadIn(exchange, untilUs)
    const within = (us: number) => Math.round(Math.min(Math.max(us - aheadUs, sentUs), untilUs))
    for (const {startUs, endUs, ...far} of spans.toSorted((a, b) => a.startUs - b.startUs))
      span.adopt({...far, host, startUs: within(startUs), endUs: Math.max(within(startUs), within(endUs))})
  }

  /** How far the peer's clock is ahead, of all that is possible for this request what is most likely. */
  function aheadIn({sentUs, serving, spans}: Exchange, untilUs: number): number {
    const startUs = serving?.startUs ?? Math.min(...spans.map((span) => span.startUs))
    const endUs = serving?.endUs ?? Math.max(...spans.map((span) => span.endUs))
    const [least, most] = [endUs - untilUs, startUs - sentUs]
    if (least > most) return most
    return Math.min(Math.max(best?.aheadUs ?? most, least), most)
  }

  return {
    asked(span) {
      if (!span.kept) return
      if (exchanges.length === MAX_EXCHANGES) exchanges.shift()
      exchanges.push({
        span,
        sentUs: span.nowUs(),
        answeredUs: undefined,
        serving: undefined,
        spans: [],
        bytes: 0,
      })
    },
    answered() {
      const last = exchanges.at(-1)
      if (last === undefined || last.answeredUs !== undefined) return
      last.answeredUs = last.span.nowUs()
      settle(last)
    },
    told(span) {
      const exchange = exchanges.find(
        ({span: {stack}}) => span.stack !== stack && isAtOrBelow(span.stack, stack),
      )
      if (exchange === undefined || exchange.spans.length >= MAX_SPANS) return
      const bytes = toldBytes([span.stack, span.annotation], span.fields)
      if (exchange.bytes + bytes > MAX_EXCHANGE_BYTES || laneBytes + bytes > MAX_LANE_BYTES) return
      exchange.bytes += bytes
      laneBytes += bytes
      exchange.spans.push(span)
      if (stackAbove(span.stack) === exchange.span.stack) exchange.serving = span
      settle(exchange)
    },
    end() {
      for (const exchange of [...exchanges]) if (exchange.spans.length > 0) adopt(exchange)
      exchanges.length = 0
    },
  }
}
