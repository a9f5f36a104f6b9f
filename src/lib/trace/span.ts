import type {Clock, Fields, Log, Span} from '../core/context.ts'
import type {SpanRecorder} from './span-recorder.ts'

export type SpanOptions = {
  readonly clock: Clock
  readonly log: Log
  /** Makes the id of a span; see `randomSpanId`. */
  readonly newId: () => string
  /** Keeps the spans for a trace, where one is asked for. */
  readonly recorder?: SpanRecorder | undefined
}

/** Makes the span of a whole run. Begins and ends are logged at debug with the stack of ids, as zrepl does. */
export function createRootSpan(options: SpanOptions, annotation: string): Span {
  return begin(options, options.newId(), undefined, annotation, {})
}

function begin(
  options: SpanOptions,
  stack: string,
  parent: string | undefined,
  annotation: string,
  fields: Fields,
): Span {
  const {clock, log, newId, recorder} = options
  const startedAt = clock.monotonic()
  const startUs = Math.round(clock.now() * 1000)
  log.debug('span begins', {subsystem: 'trace', span: stack, annotation, ...fields})
  recorder?.begin(stack, parent, annotation, startUs)
  return {
    stack,
    child: (annotation, fields = {}) => begin(options, `${stack}.${newId()}`, stack, annotation, fields),
    end(outcome = {}) {
      const durationMs = clock.monotonic() - startedAt
      log.debug('span ends', {
        subsystem: 'trace',
        span: stack,
        annotation,
        duration_s: (durationMs / 1000).toFixed(3),
        ...outcome,
      })
      recorder?.end(stack, {...fields, ...outcome}, startUs + Math.round(durationMs * 1000))
    },
  }
}

/** Three random bytes as four characters, the way zrepl names spans. */
export function randomSpanId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(3)))
    .toString('base64')
    .replace(/=/g, '')
}
