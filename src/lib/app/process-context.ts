import {writeSync} from 'node:fs'
import type {LogLevel, RunContext} from '../core/context.ts'
import {Stopped} from '../core/errors.ts'
import {createClock} from '../host/clock.ts'
import {createLog} from '../trace/log.ts'
import {formatLogLine, type LogFormat} from '../trace/log-line.ts'
import {createRootSpan, randomSpanId} from '../trace/span.ts'

/** The context of this process: stopped by SIGTERM, SIGINT and SIGHUP, logging to stderr. */
export function createProcessContext(annotation: string, level: LogLevel, format: LogFormat): RunContext {
  const clock = createClock()
  const log = createLog(clock, level, (line) => writeLine(formatLogLine(line, format)))
  const span = createRootSpan(clock, log, randomSpanId, annotation)
  return {signal: stopSignal(), log: log.with({span: span.stack}), clock, span}
}

/** Aborts once, with the first signal as the reason; a second one does not wait for an orderly end. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort(new Stopped(`stopped by ${signal}`)))
  }
  return stop.signal
}

/** A log nobody reads any more must not end the work it tells about. */
function writeLine(line: string): void {
  try {
    writeSync(2, `${line}\n`)
  } catch {
    // Nobody is left to be told.
  }
}
