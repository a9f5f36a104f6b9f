import type {LogOutlet} from '../config/resolve-logging.ts'
import {unreachable} from '../core/assert.ts'
import type {Clock, Subsystem} from '../core/context.ts'
import type {HearsOfLoss, LogSink} from '../core/log-sink.ts'
import {createClock} from '../host/clock.ts'
import {createLogFile} from '../host/log-file.ts'
import {createLogServer} from '../host/log-server.ts'
import {createSyslog} from '../host/syslog.ts'
import {formatLogLine, type LogLine, type LogLook} from '../trace/log-line.ts'
import {joinOutlets, type Outlet} from '../trace/outlet.ts'
import {stderrOutlet} from './stderr-outlet.ts'

export type OutletOptions = {
  /** Everything is told on stderr, whatever the configuration says of it. */
  readonly verbose: boolean
  /** Writes to stderr; never throws. */
  readonly write: (text: string) => void
  /** Gets what the only outlet loses; on stderr without it. */
  readonly tell?: (line: LogLine) => void
  /** The id of the outermost span, which is what lines about outlets belong to. */
  readonly id: string
}

/** Where a process logs to, by `global.logging`. What an outlet loses is told by another one. */
export function openOutlets(
  logging: readonly LogOutlet[],
  {verbose, write, tell, id}: OutletOptions,
  clock: Clock = createClock(),
): Outlet {
  const stderr = {type: 'stdout', level: 'debug', format: 'human', time: true, color: true} as const
  const louder = logging.map((one) =>
    verbose && one.type === 'stdout' ? {...one, level: stderr.level} : one,
  )
  const wanted = verbose && !logging.some(({type}) => type === 'stdout') ? [...louder, stderr] : louder
  const outlets: Outlet[] = []
  for (const [index, one] of wanted.entries()) {
    outlets.push(
      open(clock, one, write, (loss) => {
        const line = lossLine(clock.now(), id, one, loss)
        const told = outlets.find((_, at) => at !== index)?.write ?? tell
        if (told === undefined) write(`${formatLogLine(line, {...PLAIN, format: 'human'})}\n`)
        else told(line)
      }),
    )
  }
  return joinOutlets(outlets)
}

const PLAIN = {time: true, level: true, color: false} as const

/** Whoever gets these lines keeps time and level of each. */
const BARE = {time: false, level: false, color: false} as const

function open(clock: Clock, outlet: LogOutlet, write: (text: string) => void, tell: HearsOfLoss): Outlet {
  switch (outlet.type) {
    case 'stdout':
      return stderrOutlet(outlet, write)
    case 'syslog':
      return sinkOutlet(outlet, BARE, createSyslog(clock, outlet, tell))
    case 'file':
      return sinkOutlet(outlet, PLAIN, createLogFile(outlet.path, tell))
    case 'tcp':
      return sinkOutlet(outlet, PLAIN, createLogServer(outlet, tell))
    default:
      return unreachable(outlet)
  }
}

function sinkOutlet(
  {level, format}: Pick<LogOutlet, 'level' | 'format'>,
  look: Omit<LogLook, 'format'>,
  sink: LogSink,
): Outlet {
  return {
    level,
    write: (line) => sink.write(formatLogLine(line, {...look, format}), line.level),
    close: () => sink.close(),
  }
}

function lossLine(timeMs: number, id: string, {type}: LogOutlet, loss: Parameters<HearsOfLoss>[0]): LogLine {
  const common = {timeMs, level: 'warn' as const}
  const fields = {subsystem: 'log' satisfies Subsystem, span: id, outlet: type}
  return 'because' in loss
    ? {...common, message: 'log lines are lost', fields: {...fields, error: loss.because}}
    : {...common, message: 'log lines were lost', fields: {...fields, lines: loss.lines}}
}
