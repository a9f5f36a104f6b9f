import {startOfDay, type TimeZone, wallClock} from '../core/time-zone.ts'

/** The moments a cron expression means. */
export type CronSchedule =
  | {
      readonly kind: 'fields'
      readonly seconds: CronField
      readonly minutes: CronField
      readonly hours: CronField
      readonly daysOfMonth: CronField
      readonly months: CronField
      readonly daysOfWeek: CronField
      readonly zone: TimeZone
    }
  | {readonly kind: 'every'; readonly intervalMs: number}

type FieldsSchedule = Extract<CronSchedule, {kind: 'fields'}>

/** Which values of one field are meant. `isStar`: all are, because nobody said anything about it (`*` or `?`). */
export type CronField = {readonly values: ReadonlySet<number>; readonly isStar: boolean}

const SECOND_MS = 1000
const HOUR_MS = 3_600_000
/** Farther ahead nobody plans; robfig/cron gives up there too. Every valid day comes at least once in so many. */
const MAX_YEARS = 5

/**
 * The first moment after `afterMs` that the expression means, in milliseconds since 1970; `undefined` when there is none
 * in the next five years.
 *
 * A moment is meant when the clocks of the schedule's zone show it: times that daylight saving skips do not come that
 * day, times that it repeats come twice (robfig/cron v3).
 */
export function nextTick(schedule: CronSchedule, afterMs: number): number | undefined {
  const secondMs = Math.floor(afterMs / SECOND_MS) * SECOND_MS
  if (schedule.kind === 'every') return secondMs + schedule.intervalMs
  const {zone} = schedule
  const lastYear = wallClock(zone, afterMs).getUTCFullYear() + MAX_YEARS
  for (let atMs = secondMs + SECOND_MS; ; ) {
    const wall = wallClock(zone, atMs)
    if (wall.getUTCFullYear() > lastYear) return undefined
    const leapMs = nextCandidate(schedule, wall, atMs)
    if (leapMs === undefined) return atMs
    atMs = Math.max(leapMs, atMs + SECOND_MS)
  }
}

/** Where to look next when `atMs`, at which clocks show `wall`, is not meant; `undefined` when it is. */
function nextCandidate(schedule: FieldsSchedule, wall: Date, atMs: number): number | undefined {
  const {zone} = schedule
  const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate()]
  if (!schedule.months.values.has(month)) return startOfDay(zone, year, month + 1, 1)
  if (!isDayMeant(schedule, wall)) return startOfDay(zone, year, month, day + 1)
  if (!schedule.hours.values.has(wall.getUTCHours())) return nextHour(schedule, wall, atMs)
  const [minute, second] = [wall.getUTCMinutes(), wall.getUTCSeconds()]
  if (!schedule.minutes.values.has(minute)) return atMs + (60 - second) * SECOND_MS
  return schedule.seconds.values.has(second) ? undefined : atMs + SECOND_MS
}

/** The next hour of the day that is meant, or the next day; only the next hour when clocks change before that. */
function nextHour({hours, zone}: FieldsSchedule, wall: Date, atMs: number): number {
  const [year, month, day, hour] = [
    wall.getUTCFullYear(),
    wall.getUTCMonth() + 1,
    wall.getUTCDate(),
    wall.getUTCHours(),
  ]
  const fullMs = atMs - (wall.getUTCMinutes() * 60 + wall.getUTCSeconds()) * SECOND_MS
  const later = Array.from(hours.values).filter((value) => value > hour)
  const leapMs =
    later.length === 0
      ? startOfDay(zone, year, month, day + 1)
      : fullMs + (Math.min(...later) - hour) * HOUR_MS
  return zone.offsetMs(leapMs) === zone.offsetMs(atMs) ? leapMs : fullMs + HOUR_MS
}

/** When both kinds of days are restricted, either will do: the oldest surprise of cron, kept by robfig. */
function isDayMeant(
  {daysOfMonth, daysOfWeek}: {readonly daysOfMonth: CronField; readonly daysOfWeek: CronField},
  wall: Date,
): boolean {
  const byDate = daysOfMonth.values.has(wall.getUTCDate())
  const byWeekday = daysOfWeek.values.has(wall.getUTCDay())
  return daysOfMonth.isStar || daysOfWeek.isStar ? byDate && byWeekday : byDate || byWeekday
}
