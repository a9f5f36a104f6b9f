/**
 * What a doer gets as its first parameter: the means to stop, to tell, and to know the time.
 * A planner never gets one, which is how the two are told apart.
 */
export type RunContext = {
  /** Raised with a `Stopped` or an `OperationalError` as its reason. */
  readonly signal: AbortSignal
  readonly log: Log
  readonly clock: Clock
  readonly span: Span
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Facts of a log line. Keys are glossary words. */
export type Fields = Readonly<
  Record<string, string | number | bigint | boolean | undefined | readonly string[]>
>

/** The only way to tell something while running. Messages are static; facts are fields. */
export type Log = {
  debug(message: string, fields?: Fields): void
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
  /** The same log with more fields on every line. */
  with(fields: Fields): Log
}

export type Clock = {
  /** Wall clock, milliseconds since 1970. For people and retention, never for order. */
  now(): number
  /** Milliseconds since some fixed moment, never going back. For durations. */
  monotonic(): number
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** A nested interval of work. `stack` is the chain of ids from the root, the way zrepl logs it. */
export type Span = {
  readonly stack: string
  child(annotation: string, fields?: Fields): Span
  end(fields?: Fields): void
}

/** Runs `work` inside a span; the span ends however `work` ends. */
export async function withSpan<T>(
  ctx: RunContext,
  annotation: string,
  fields: Fields,
  work: (ctx: RunContext) => Promise<T>,
): Promise<T> {
  const span = ctx.span.child(annotation, fields)
  try {
    const result = await work({...ctx, span, log: ctx.log.with({span: span.stack})})
    span.end()
    return result
  } catch (error) {
    span.end({error: error instanceof Error ? error.message : String(error)})
    throw error
  }
}

/** The same context with more fields on every log line. */
export function withFields(ctx: RunContext, fields: Fields): RunContext {
  return {...ctx, log: ctx.log.with(fields)}
}

/** The same context, also stopped by `signal`. */
export function withSignal(ctx: RunContext, signal: AbortSignal): RunContext {
  return {...ctx, signal: AbortSignal.any([ctx.signal, signal])}
}
