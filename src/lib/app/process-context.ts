import {type Fields, inSpan, type RunContext} from '../core/context.ts'
import {Stopped} from '../core/errors.ts'
import {EXIT} from '../core/exit-code.ts'
import {cancelReason} from '../host/cancel-process.ts'
import {createClock} from '../host/clock.ts'
import {defaultLockDirectory} from '../host/lock.ts'
import {createLogs} from '../trace/log.ts'
import type {Outlet} from '../trace/outlet.ts'
import {createRootSpan, randomSpanId} from '../trace/span.ts'
import type {SpanRecorder} from '../trace/span-recorder.ts'
import {stderrOutlet} from './stderr-outlet.ts'

/**
 * The context of this process: stopped by SIGTERM, SIGINT and SIGHUP, logging to `outlet`; spans go to `recorder` too, the
 * outermost with the given id.
 */
export function createProcessContext(
  annotation: string,
  outlet: Outlet = stderrOutlet(),
  {recorder, id}: {readonly recorder?: SpanRecorder | undefined; readonly id?: string} = {},
): RunContext {
  const clock = createClock()
  const log = createLogs(clock, outlet.level, outlet.write)
  const onMisuse = (mistake: string, fields: Fields) => log.of('trace.data').warn(mistake, fields)
  const ids = [id ?? randomSpanId()]
  const newId = () => ids.pop() ?? randomSpanId()
  const span = createRootSpan({clock, log, newId, keeper: recorder, onMisuse}, annotation)
  return inSpan({signal: stopSignal(), log, clock, span}, span)
}

/** Aborts once, with the first signal as the reason; a second one does not wait for an orderly end. */
function stopSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(EXIT.stopped)
      stop.abort(new Stopped(cancelledBecause() ?? `stopped by ${signal}`))
    })
  }
  return stop.signal
}

/** The reason of whoever asked us to stop, if it was the next run of the job. */
function cancelledBecause(): string | undefined {
  try {
    return cancelReason(defaultLockDirectory(process.getuid?.() ?? 0, process.env))
  } catch {
    return undefined
  }
}
