import type {Snapshot} from '../zfs/version.ts'
import {byDate, CLOCK_SLACK_MS, dateMs} from './by-date.ts'

/** A pause that long, and so many times longer than usual, is more likely a clock than a holiday. */
const LONG_MS = 60 * 24 * 3_600_000
const TIMES_USUAL = 10
/** When so many were taken since, a person has had the time to notice. */
const MANY = 24

/**
 * Since when a filesystem's snapshots are dated implausibly later than all before: the date of the first one behind the
 * gap, in milliseconds. Then rules that count time back from the youngest find everything else old. `undefined`: no gap.
 * What is dated in the future is not counted: no rule counts back from it.
 * Either a clock was wrong when the latest ones were taken, or nothing was taken for a long time; the pool cannot tell.
 */
export function findClockJump(snapshots: readonly Snapshot[], nowMs: number): number | undefined {
  const dates = snapshots
    .toSorted(byDate)
    .map(dateMs)
    .filter((date) => date <= nowMs + CLOCK_SLACK_MS)
  const gaps = dates.slice(1).map((date, index) => date - (dates[index] ?? date))
  const recent = gaps.slice(-MANY)
  const largest = Math.max(0, ...recent)
  const usual = gaps.filter((gap) => gap !== largest).toSorted((a, b) => a - b)
  const median = usual[Math.floor(usual.length / 2)]
  if (median === undefined || largest < LONG_MS || largest < median * TIMES_USUAL) return undefined
  return dates[gaps.lastIndexOf(largest) + 1]
}
