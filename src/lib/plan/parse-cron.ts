import {quoted} from '../core/printable.ts'
import {isTimeZone, timeZone} from '../core/time-zone.ts'
import {parseGoDuration, UnitError} from '../core/units.ts'
import {type CronField, type CronSchedule, nextTick} from './cron-schedule.ts'

/** Text that is no cron expression, or one that never comes true. The message quotes it, safe to print. */
export class CronError extends Error {
  override readonly name = 'CronError'
}

type Bounds = {
  readonly name: string
  readonly min: number
  readonly max: number
  /** Names of values, the first being `min`. */
  readonly names?: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const SECOND: Bounds = {name: 'second', min: 0, max: 59}
const FIELDS: readonly Bounds[] = [
  SECOND,
  {name: 'minute', min: 0, max: 59},
  {name: 'hour', min: 0, max: 23},
  {name: 'day of month', min: 1, max: 31},
  {name: 'month', min: 1, max: 12, names: MONTHS},
  {name: 'day of week', min: 0, max: 6, names: WEEKDAYS},
]

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** A year before a leap year: the 29th of February must come within the five years that are looked at. */
const FROM_MS = Date.UTC(2023, 0, 1)

/**
 * Reads a cron expression in the grammar of robfig/cron v3, which zrepl uses: five fields (minute, hour, day of month,
 * month, day of week), seconds in front if there are six; lists, ranges, steps, names of months and weekdays, `?` for
 * `*`; `@daily` and its kin, `@every DURATION`; `CRON_TZ=ZONE ` or `TZ=ZONE ` before it all. Without a zone it is the
 * host's own.
 * Throws `CronError`, also for an expression that never comes true, like the 30th of February.
 */
export function parseCron(expression: string): CronSchedule {
  const [, zone, rest = ''] = /^(?:(?:CRON_)?TZ=(\S*)\s+)?(.*)$/s.exec(expression.trim()) ?? []
  const location = zone === undefined ? 'Local' : zone
  if (!isTimeZone(location)) throw bad(expression, `${quoted(location)} is not a time zone`)
  const schedule = rest.startsWith('@')
    ? parseDescriptor(expression, rest, location)
    : parseFields(expression, rest, location)
  if (nextTick(schedule, FROM_MS) === undefined) throw bad(expression, 'it never comes true')
  return schedule
}

function parseDescriptor(expression: string, descriptor: string, location: string): CronSchedule {
  const fields = DESCRIPTORS[descriptor]
  if (fields !== undefined) return parseFields(expression, fields, location)
  const every = '@every '
  if (!descriptor.startsWith(every)) {
    throw bad(expression, `it is none of ${Object.keys(DESCRIPTORS).join(', ')}, @every DURATION`)
  }
  // Whole seconds, one at least, as robfig rounds.
  const intervalMs = Math.floor(durationOf(expression, descriptor.slice(every.length).trim()) / 1000) * 1000
  return {kind: 'every', intervalMs: Math.max(intervalMs, 1000)}
}

function parseFields(expression: string, text: string, location: string): CronSchedule {
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.length !== 5 && words.length !== 6) {
    throw bad(expression, `it has ${words.length} fields; five are needed, or six with seconds in front`)
  }
  const all = words.length === 5 ? ['0', ...words] : words
  const [seconds, minutes, hours, daysOfMonth, months, daysOfWeek] = FIELDS.map((bounds, index) =>
    parseField(expression, all[index] ?? '', bounds),
  ) as [CronField, CronField, CronField, CronField, CronField, CronField]
  return {kind: 'fields', seconds, minutes, hours, daysOfMonth, months, daysOfWeek, zone: timeZone(location)}
}

/** `1,5-10,*` and the like. */
function parseField(expression: string, text: string, bounds: Bounds): CronField {
  const ranges = text
    .split(',')
    .filter((range) => range !== '')
    .map((range) => parseRange(expression, range, bounds))
  if (ranges.length === 0) throw bad(expression, `the ${bounds.name} is empty`)
  return {
    values: new Set(ranges.flatMap(({values}) => Array.from(values))),
    isStar: ranges.some(({isStar}) => isStar),
  }
}

/** `5`, `5-10`, `*`, each with `/STEP` behind it; `5/10` means from 5 to the end. */
function parseRange(expression: string, range: string, bounds: Bounds): CronField {
  const [ends = '', stepText, ...more] = range.split('/')
  if (more.length > 0) throw bad(expression, `there are too many slashes in ${quoted(range)}`)
  const [low = '', high, ...tooMany] = ends.split('-')
  if (tooMany.length > 0) throw bad(expression, `there are too many hyphens in ${quoted(range)}`)

  const isStar = low === '*' || low === '?'
  if (isStar && high !== undefined) throw bad(expression, `${quoted(range)} is no range`)
  const step = stepText === undefined ? 1 : parseNumber(expression, stepText, 'step')
  if (step === 0) throw bad(expression, `the step in ${quoted(range)} must be more than 0`)
  const start = isStar ? bounds.min : parseValue(expression, low, bounds)
  const single = stepText === undefined ? start : bounds.max
  const end = isStar ? bounds.max : high === undefined ? single : parseValue(expression, high, bounds)
  if (start > end) throw bad(expression, `the range ${quoted(range)} ends before it begins`)

  const values = new Set<number>()
  for (let value = start; value <= end; value += step) values.add(value)
  // With a step it is a restriction like any other (robfig/cron#70).
  return {values, isStar: isStar && step === 1}
}

function parseValue(expression: string, text: string, bounds: Bounds): number {
  const named = bounds.names?.indexOf(text.toLowerCase()) ?? -1
  const value = named === -1 ? parseNumber(expression, text, bounds.name) : bounds.min + named
  if (value >= bounds.min && value <= bounds.max) return value
  const sunday = bounds.names === WEEKDAYS && value === 7 ? '; Sunday is 0' : ''
  throw bad(
    expression,
    `the ${bounds.name} must be from ${bounds.min} to ${bounds.max}, not ${value}${sunday}`,
  )
}

function parseNumber(expression: string, text: string, what: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text)
  throw bad(expression, `${quoted(text)} is not a ${what}`)
}

function durationOf(expression: string, text: string): number {
  try {
    return parseGoDuration(text)
  } catch (error) {
    throw error instanceof UnitError ? bad(expression, error.message) : error
  }
}

function bad(expression: string, problem: string): CronError {
  return new CronError(`bad cron expression ${quoted(expression)}: ${problem}`)
}
