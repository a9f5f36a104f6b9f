/**
 * What a doer gets as its first parameter: the means to stop, to tell, and to know the time.
 * A planner never gets one, which is how the two are told apart.
 */
export type RunContext = {
  /** Raised with a `Stopped` or an `OperationalError` as its reason. */
  readonly signal: AbortSignal
  readonly log: Logs
  readonly clock: Clock
  readonly span: Span
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Facts of a log line. Keys are glossary words. */
export type Fields = Readonly<
  Record<string, string | number | bigint | boolean | undefined | readonly string[]>
>

/** Which part of the program tells: zrepl's names, where zrepl has the part. */
export type Subsystem =
  | 'job'
  | 'snapshot'
  | 'repl'
  | 'pruning'
  | 'hook'
  | 'endpoint'
  | 'zfs.cmd'
  | 'zfs.lib'
  | 'transport'
  | 'rpc'
  | 'notify'
  | 'log'
  | 'trace.data'

/** The only maker of logs. Carries the fields that were injected on the way down to here. */
export type Logs = {
  /** The log of a part of the program, with all injected fields on every line. */
  of(subsystem: Subsystem): Log
  /** The same with more fields on every line; the later win. */
  with(fields: Fields): Logs
  /** Whether anybody is told what is logged at this level. */
  tells(level: LogLevel): boolean
}

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

/**
 * An interval of work. Within a task, spans are nested and follow each other; a task is a line of work of its own that goes
 * on beside others. To begin a span while another one is under way in the same task, or to end one in which something is
 * still under way, is a mistake of ours.
 */
export type Span = {
  /**
   * The chain of ids from the root, on every log line: `$` stands before the id of a task, `.` before that of a span
   * (zrepl: `Uv38$JVXJ.DxEM`). Whoever greps for the beginning of one finds all that belongs to it.
   */
  readonly stack: string
  /** Whether anybody keeps spans, or is told of them. */
  readonly kept: boolean
  /** The time on the scale of spans, microseconds since 1970. */
  nowUs(): number
  /** Begins a span inside this one. */
  child(annotation: string, fields?: Fields): Span
  /** Begins a task inside this span, beside whatever else is under way in it. */
  task(annotation: string, fields?: Fields): Span
  /** Facts that are known before the end. */
  add(fields: Fields): void
  /** Keeps a span that has begun and ended elsewhere, somewhere below this one. */
  adopt(span: EndedSpan): void
  /** Does nothing when it has ended before. */
  end(fields?: Fields): void
}

/** A span as it is kept. Times are microseconds since 1970. */
export type EndedSpan = {
  readonly stack: string
  readonly annotation: string
  readonly startUs: number
  readonly endUs: number
  readonly fields: Fields
  /** Where it was, if not in this process. */
  readonly host?: string
}

/** Runs `work` inside a span; the span ends however `work` ends. */
export async function withSpan<T>(
  ctx: RunContext,
  annotation: string,
  fields: Fields,
  work: (ctx: RunContext) => Promise<T>,
): Promise<T> {
  return await inside(ctx, ctx.span.child(annotation, fields), work)
}

/** Runs `work` as a task: other spans and tasks of `ctx` may be under way meanwhile. */
export async function withTask<T>(
  ctx: RunContext,
  annotation: string,
  fields: Fields,
  work: (ctx: RunContext) => Promise<T>,
): Promise<T> {
  return await inside(ctx, ctx.span.task(annotation, fields), work)
}

async function inside<T>(ctx: RunContext, span: Span, work: (ctx: RunContext) => Promise<T>): Promise<T> {
  try {
    const result = await work(inSpan(ctx, span))
    span.end()
    return result
  } catch (error) {
    span.end({error: error instanceof Error ? error.message : String(error)})
    throw error
  }
}

/** The context of work inside `span`. */
export function inSpan(ctx: RunContext, span: Span): RunContext {
  return {...ctx, span, log: ctx.log.with({span: span.stack})}
}

/** The same context with more fields on every log line. */
export function withFields(ctx: RunContext, fields: Fields): RunContext {
  return {...ctx, log: ctx.log.with(fields)}
}

/** The same context, also stopped by `signal`. */
export function withSignal(ctx: RunContext, signal: AbortSignal): RunContext {
  return {...ctx, signal: AbortSignal.any([ctx.signal, signal])}
}
