/** Where a moment is on a time line: 0 is the oldest, 1 is now. */
export type TimeScale = {
  at(ms: number): number
  readonly ticks: readonly Tick[]
}

export type Tick = {readonly label: string; readonly at: number}

const HOUR = 3_600_000
const DAY = 24 * HOUR

const AGES: readonly (readonly [label: string, ms: number])[] = [
  ['1 hour', HOUR],
  ['6 hours', 6 * HOUR],
  ['1 day', DAY],
  ['3 days', 3 * DAY],
  ['1 week', 7 * DAY],
  ['1 month', 30 * DAY],
  ['3 months', 91 * DAY],
  ['1 year', 365 * DAY],
  ['3 years', 3 * 365 * DAY],
  ['10 years', 10 * 365 * DAY],
]

/**
 * A scale by the logarithm of age, so that hours and years are both seen: retention is about the order of magnitude.
 * What is dated after `nowMs` is at 1.
 */
export function timeScale(oldestMs: number, nowMs: number): TimeScale {
  const longest = Math.max(2 * HOUR, nowMs - oldestMs)
  const full = Math.log1p(longest / HOUR)
  const ofAge = (ageMs: number) => 1 - Math.log1p(Math.max(0, ageMs) / HOUR) / full
  return {
    at: (ms) => ofAge(nowMs - ms),
    ticks: [
      {label: 'now', at: 1},
      ...AGES.filter(([, ms]) => ms < longest * 0.97).map(([label, ms]) => ({label, at: ofAge(ms)})),
    ],
  }
}
