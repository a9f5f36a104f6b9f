import {hostname} from 'node:os'
import {type RunContext, withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {keepTrace} from '../host/kept-traces.ts'
import {writeFileAtomically} from '../host/write-file-atomically.ts'
import {KEPT_REPORTS} from '../report/job-status.ts'
import {formatChromeTrace} from '../trace/chrome-trace.ts'
import type {SpanRecorder} from '../trace/span-recorder.ts'
import {stateDirectory} from './kept-reports.ts'

/** A trace that is written while what it tells of goes on. */
export type TraceOfRun = {
  /** Writes it for the last time. */
  close(): void
}

/**
 * How old a trace may be that is there when the process is killed, milliseconds; and the part of the time that writing it
 * again and again may take.
 */
const EVERY_MS = 10_000
const SHARE = 1 / 100

/**
 * Writes what `recorder` has to a file, the last time when it is closed. Throws `host` then, if the file cannot be
 * written.
 */
export function writeTraceTo(ctx: RunContext, recorder: SpanRecorder, path: string): TraceOfRun {
  return writeAgainAndAgain(ctx, () => writeFileAtomically(path, textOf(ctx, recorder)))
}

/**
 * Does `work` in a span of its own. With a recorder the trace of it is kept beside the report of the run that began at
 * `startedAt` (milliseconds since 1970). Where that is not possible, the run is what it was, with a warning.
 */
export async function inRunSpan<T>(
  ctx: RunContext,
  {
    job,
    startedAt,
    recorder,
  }: {readonly job: string; readonly startedAt: number; readonly recorder: SpanRecorder | undefined},
  work: (ctx: RunContext) => Promise<T>,
): Promise<T> {
  let trace: TraceOfRun | undefined
  try {
    return await withSpan(ctx, 'job', {job}, async (inside) => {
      if (recorder !== undefined)
        trace = keepTraceOf(ctx, recorder, {job, startedAt, stack: inside.span.stack})
      return await work(inside)
    })
  } finally {
    trace?.close()
  }
}

function keepTraceOf(
  ctx: RunContext,
  recorder: SpanRecorder,
  {job, startedAt, stack}: {readonly job: string; readonly startedAt: number; readonly stack: string},
): TraceOfRun {
  const run = new Date(startedAt).toISOString()
  const trace = writeAgainAndAgain(ctx, () =>
    keepTrace(stateDirectory(), job, {startedAt: run, text: textOf(ctx, recorder, stack)}, KEPT_REPORTS),
  )
  return {
    close() {
      try {
        trace.close()
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error
        ctx.log.of('job').warn('the trace of this run is not kept', {error: error.message})
      }
    },
  }
}

function textOf({span}: RunContext, recorder: SpanRecorder, below?: string): string {
  return formatChromeTrace(recorder.spans(span.nowUs(), below), hostname(), recorder.dropped())
}

/** Somebody who kills us leaves the last one; who only wants us to exit at once gets another one. */
function writeAgainAndAgain({clock}: RunContext, write: () => void): TraceOfRun {
  const closed = new AbortController()
  const tryToWrite = () => {
    try {
      write()
    } catch {
      // No reason to disturb what it tells of. If it is still so at the end, it is said there.
    }
  }

  async function goOn(): Promise<void> {
    for (let pauseMs = EVERY_MS; ; ) {
      await clock.sleep(pauseMs, closed.signal)
      const before = clock.monotonic()
      tryToWrite()
      pauseMs = Math.max(EVERY_MS, (clock.monotonic() - before) / SHARE)
    }
  }

  process.on('exit', tryToWrite)
  goOn().catch((error: unknown) => {
    if (!closed.signal.aborted) throw error
  })
  return {
    close() {
      closed.abort()
      process.off('exit', tryToWrite)
      write()
    },
  }
}
