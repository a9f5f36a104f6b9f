import type {Clock, Fields, Log, LogLevel, Logs} from '../core/context.ts'
import {redacted, redactedFields} from '../core/redact.ts'
import type {LogLine} from './log-line.ts'
import {LOG_LEVELS} from './outlet.ts'

/** The one way to make logs. Lines at or above `level` go to `sink`; fields of later `with` calls win. */
export function createLogs(
  clock: Clock,
  level: LogLevel,
  sink: (line: LogLine) => void,
  fields: Fields = {},
): Logs {
  const tells = (lineLevel: LogLevel) => LOG_LEVELS.indexOf(lineLevel) >= LOG_LEVELS.indexOf(level)
  const logWith = (fields: Fields): Log => {
    const write =
      (lineLevel: LogLevel) =>
      (message: string, more: Fields = {}) => {
        if (!tells(lineLevel)) return
        sink({
          timeMs: clock.now(),
          level: lineLevel,
          message: redacted(message),
          fields: redactedFields({...fields, ...more}),
        })
      }
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      with: (more) => logWith({...fields, ...more}),
    }
  }
  return {
    of: (subsystem) => logWith({...fields, subsystem}),
    with: (more) => createLogs(clock, level, sink, {...fields, ...more}),
    tells,
  }
}
