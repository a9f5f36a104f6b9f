import type {Clock} from '../core/context.ts'
import type {HearsOfLoss, LogSink} from '../core/log-sink.ts'
import {quoted} from '../core/printable.ts'
import {SEVERITY} from './journal.ts'
import {createLostLines} from './lost-lines.ts'
import {createDatagramSender} from './unix-datagram.ts'

/** The facilities of RFC 5424 6.2.1 in their order, by their names in syslog.conf(5); 12 to 15 have none. */
const FACILITIES = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  '',
  '',
  '',
  '',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
]

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

export type SyslogOptions = {
  readonly facility: string
  /** How long nothing is sent after something could not be, milliseconds. */
  readonly retryMs: number
  readonly socket?: string
}

/** The syslog of this host, in the form of RFC 3164 without a host name, as syslog(3) and Go's log/syslog speak to it. */
export function createSyslog(
  clock: Pick<Clock, 'now' | 'monotonic'>,
  {facility, retryMs, socket = '/dev/log'}: SyslogOptions,
  tell: HearsOfLoss,
): LogSink {
  const send = createDatagramSender(socket)
  const lost = createLostLines(tell)
  const priority = 8 * Math.max(0, FACILITIES.indexOf(facility))
  let againAtMs = Number.NEGATIVE_INFINITY
  return {
    write(text, level) {
      if (clock.monotonic() < againAtMs) return lost.count()
      const head = `<${priority + SEVERITY[level]}>${stamp(new Date(clock.now()))} zrepl[${process.pid}]`
      const errno = send(`${head}: ${text}`)
      if (errno === 0) return lost.ended()
      lost.began(`nobody takes it at ${quoted(socket)} (errno ${errno})`)
      lost.count()
      againAtMs = clock.monotonic() + retryMs
    },
    close: async () => lost.ended(),
  }
}

/** `Jan  2 15:04:05`, local time. */
function stamp(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = String(date.getDate()).padStart(2)
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${MONTHS[date.getMonth()]} ${day} ${time}`
}
