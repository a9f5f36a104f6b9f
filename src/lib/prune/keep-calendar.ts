import type {LinearRegex} from '../core/linear-regex.ts'
import {type TimeZone, wallClock} from '../core/time-zone.ts'
import type {Snapshot} from '../zfs/version.ts'
import {byDate, CLOCK_SLACK_MS, dateMs} from './by-date.ts'
import type {Candidate, Opinion, Opinions} from './candidate.ts'

/** The periods a calendar counts, shortest first. */
export const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const

export type Period = (typeof PERIODS)[number]

/** How many of each period stay; 0 where the period does not count. */
export type CalendarCounts = Readonly<Record<Period, number>>

/**
 * Keeps the first snapshot of each of the newest `count` hours, days, weeks (from Monday), months and years in which one
 * was taken, by the wall clocks of `zone`.
 *
 * The first, because it never changes: what was the first of its day stays so whatever is taken or destroyed later, and
 * the first of a day is also the first of an hour, so that it is still there when only the day counts. Periods without
 * a snapshot do not count, so that a machine that was off loses nothing when it is on again. The hour that clocks
 * repeat in autumn is two hours; the day that has 23 or 25 hours is one day.
 *
 * A snapshot minutes ahead of `nowMs` is dated wrongly, or our clock is: it is kept, and its period does not count.
 */
export function keepCalendar(
  candidates: readonly Candidate[],
  {
    counts,
    zone,
    regex,
  }: {
    readonly counts: CalendarCounts
    readonly zone: TimeZone
    readonly regex: LinearRegex | undefined
  },
  nowMs: number,
): Opinions {
  const matching = candidates
    .map(({snapshot}) => snapshot)
    .filter(({name}) => regex === undefined || regex.matches(name))
    .toSorted(byDate)
  const past = matching.filter((snapshot) => dateMs(snapshot) <= nowMs + CLOCK_SLACK_MS)
  const keys = past.map((snapshot) => periodsOf(zone, dateMs(snapshot)))
  const opinions = new Map(
    matching.map((snapshot, index): [Snapshot, Opinion] => [
      snapshot,
      index < past.length ? 'not-first' : 'keep',
    ]),
  )

  for (const period of PERIODS) {
    if (counts[period] === 0) continue
    const firsts = past.filter((_, index) => keys[index]?.[period] !== keys[index - 1]?.[period])
    const kept = firsts.length - counts[period]
    for (const [index, snapshot] of firsts.entries()) {
      if (index >= kept) opinions.set(snapshot, 'keep')
      else if (opinions.get(snapshot) !== 'keep') opinions.set(snapshot, 'too-old')
    }
  }
  return opinions
}

/** Which hour, day, … a moment belongs to. Keys are compared with each other only; equal ones follow each other in time. */
export function periodsOf(zone: TimeZone, atMs: number): Readonly<Record<Period, string>> {
  const wall = wallClock(zone, atMs)
  const [year, month] = [wall.getUTCFullYear(), wall.getUTCMonth()]
  const day = Math.floor(wall.getTime() / DAY_MS)
  // 1970-01-01 was a Thursday.
  const week = Math.floor((day + 3) / 7)
  return {
    hourly: `${Math.floor(wall.getTime() / HOUR_MS)} ${zone.offsetMs(atMs)}`,
    daily: String(day),
    weekly: String(week),
    monthly: `${year}-${month}`,
    yearly: String(year),
  }
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
