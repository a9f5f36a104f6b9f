import type {LogOutlet} from '../config/resolve-logging.ts'
import {unreachable} from '../core/assert.ts'
import type {Clock} from '../core/context.ts'
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
}

/**
 * Where a run logs to, by `global.logging`. What an outlet loses is told by another one; of the only one, on stderr.
 */
export function openOutlets(
  logging: readonly LogOutlet[],
  {verbose, write}: OutletOptions,
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
        const line = lossLine(clock.now(), one, loss)
        const other = outlets.find((_, at) => at !== index)
        if (other === undefined) write(`${formatLogLine(line, {...PLAIN, format: 'human'})}\n`)
        else other.write(line)
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

function lossLine(timeMs: number, {type}: LogOutlet, loss: Parameters<HearsOfLoss>[0]): LogLine {
  const common = {timeMs, level: 'warn' as const}
  return 'because' in loss
    ? {...common, message: 'log lines are lost', fields: {outlet: type, error: loss.because}}
    : {...common, message: 'log lines were lost', fields: {outlet: type, lines: loss.lines}}
}
