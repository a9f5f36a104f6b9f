import type {Act} from './cycle.ts'

const BEGIN_MS = Date.UTC(2026, 0, 5, 12)
const HOUR_MS = 3_600_000
/** More than any act takes on real ZFS. */
const ACT_MS = 600_000

/** When a world is made, and when each act begins: milliseconds since 1970, the same on all machines. */
export function timesOf(acts: readonly Act[]): {readonly begin: number; readonly at: readonly number[]} {
  let now = BEGIN_MS
  const at = acts.map((act) => {
    now += act.do === 'pass' ? act.hours * HOUR_MS : ACT_MS
    return now
  })
  return {begin: BEGIN_MS, at}
}
