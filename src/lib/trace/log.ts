import type {Clock, Fields, Log, LogLevel} from '../core/context.ts'
import type {LogLine} from './log-line.ts'

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** The one way to make a log. Lines at or above `level` go to `sink`; fields of later `with` calls win. */
export function createLog(
  clock: Clock,
  level: LogLevel,
  sink: (line: LogLine) => void,
  fields: Fields = {},
): Log {
  const write =
    (lineLevel: LogLevel) =>
    (message: string, more: Fields = {}) => {
      if (ORDER.indexOf(lineLevel) < ORDER.indexOf(level)) return
      sink({timeMs: clock.now(), level: lineLevel, message, fields: {...fields, ...more}})
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (more) => createLog(clock, level, sink, {...fields, ...more}),
  }
}
