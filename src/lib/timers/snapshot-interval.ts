import {unreachable} from '../core/assert.ts'
import type {CronSchedule} from '../plan/cron-schedule.ts'
import type {SnapshotPolicy} from '../plan/policy.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Zones differ by whole multiples of this: the timer's from that of the schedule. */
const ZONE_STEP_MS = 15 * MINUTE_MS

/** The rhythm, counted from midnight, in which the moments of `policy` fall; `undefined` for what a person takes. */
export function snapshotInterval(policy: SnapshotPolicy): number | undefined {
  switch (policy.type) {
    case 'periodic':
      return policy.intervalMs
    case 'cron':
      return cronInterval(policy.schedule)
    case 'manual':
      return undefined
    default:
      return unreachable(policy)
  }
}

function cronInterval(schedule: CronSchedule): number {
  if (schedule.kind === 'every') return schedule.intervalMs
  const {seconds, minutes, hours, zone} = schedule
  if (greatestDivisor(60, seconds.values) < 60) return MINUTE_MS
  const ofHour = greatestDivisor(60, minutes.values)
  const intervalMs = ofHour < 60 ? ofHour * MINUTE_MS : greatestDivisor(24, hours.values) * HOUR_MS
  return zone.name === 'Local' ? intervalMs : greatestDivisor(ZONE_STEP_MS, [intervalMs])
}

/** The greatest number that divides `whole` and all of `values`. */
function greatestDivisor(whole: number, values: Iterable<number>): number {
  let divisor = whole
  for (const value of values) {
    let rest = value
    while (rest !== 0) [divisor, rest] = [rest, divisor % rest]
  }
  return divisor
}
