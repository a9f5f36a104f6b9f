import type {Clock, Fields, Log, Span} from '../core/context.ts'

/** Makes the span of a whole run. Begins and ends are logged at debug with the stack of ids, as zrepl does. */
export function createRootSpan(clock: Clock, log: Log, newId: () => string, annotation: string): Span {
  return begin(clock, log, newId, newId(), annotation, {})
}

function begin(
  clock: Clock,
  log: Log,
  newId: () => string,
  stack: string,
  annotation: string,
  fields: Fields,
): Span {
  const startedAt = clock.monotonic()
  log.debug('span begins', {subsystem: 'trace', span: stack, annotation, ...fields})
  return {
    stack,
    child: (annotation, fields = {}) => begin(clock, log, newId, `${stack}.${newId()}`, annotation, fields),
    end(outcome = {}) {
      const seconds = (clock.monotonic() - startedAt) / 1000
      log.debug('span ends', {
        subsystem: 'trace',
        span: stack,
        annotation,
        duration_s: seconds.toFixed(3),
        ...outcome,
      })
    },
  }
}

/** Three random bytes as four characters, the way zrepl names spans. */
export function randomSpanId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(3)))
    .toString('base64')
    .replace(/=/g, '')
}
