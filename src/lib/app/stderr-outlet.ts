import type {LogLevel} from '../core/context.ts'
import {findJournal, type Journal, SEVERITY} from '../host/journal.ts'
import {writeText} from '../host/write-text.ts'
import {formatLogLine, type LogFormat, type LogLine} from '../trace/log-line.ts'
import type {Outlet} from '../trace/outlet.ts'
import {terminalAt} from './terminal.ts'

export type StderrOptions = {
  readonly level: LogLevel
  readonly format: LogFormat
  readonly time: boolean
  /** Where stderr is a terminal that has colours. */
  readonly color: boolean
}

const DEFAULTS: StderrOptions = {level: 'warn', format: 'human', time: true, color: true}

/** Lines on stderr; where that is the journal of systemd, entries of it. */
export function stderrOutlet(
  options: Partial<StderrOptions> = {},
  write: (text: string) => void = (text) => writeText(2, text),
): Outlet {
  const {level, format, time, color} = {...DEFAULTS, ...options}
  const journal = findJournal(process.env)
  const look = {format, time, level: true, color: color && terminalAt(2)?.color === true}
  return {
    level,
    write:
      journal === undefined
        ? (line) => write(`${formatLogLine(line, look)}\n`)
        : (line) => tellJournal(journal, line, format, write),
    close: async () => {},
  }
}

/** Where the journal does not take an entry, it takes a line of our stderr with the severity in front: sd-daemon(3). */
function tellJournal(
  journal: Journal,
  line: LogLine,
  format: LogFormat,
  write: (text: string) => void,
): void {
  const text = formatLogLine(line, {format, time: false, level: false, color: false})
  if (!journal.send(text, line.level, line.fields)) write(`<${SEVERITY[line.level]}>${text}\n`)
}
