import {describe, expect, test} from 'vitest'
import {parseCron} from '../../../src/lib/plan/parse-cron.ts'
import type {SnapshotPolicy} from '../../../src/lib/plan/policy.ts'
import {parseTimestampFormat} from '../../../src/lib/plan/snapshot-name.ts'
import {planRound} from '../../../src/lib/plan/snapshot-round.ts'
import {view} from './views.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Europe's clocks go forward on March 29 and back on October 25. */
const START = Date.UTC(2026, 0, 1)
const END = Date.UTC(2027, 0, 1)

/** A year of timers at these moments, on a host whose clock shows `clock(at)`. The moments snapshots were taken at. */
function year(
  policy: SnapshotPolicy,
  everyMs: number,
  clock: (at: number) => number = (at) => at,
): {readonly taken: readonly number[]; readonly names: readonly string[]; readonly warnings: number} {
  const taken: number[] = []
  const names: string[] = []
  let newest = ''
  let warnings = 0
  let jitter = 1
  for (let at = START; at < END; at += everyMs) {
    // Timers are up to a second late, never early.
    jitter = (jitter * 16807) % 2147483647
    const now = clock(at + (jitter % 1000))
    const history = newest === '' ? '' : `@${newest},1,1,${Math.floor((taken.at(-1) ?? 0) / 1000)}`
    const round = planRound(policy, [view(history)], now)
    warnings += round.warnings.length
    if (round.name === undefined) continue
    taken.push(now)
    names.push(round.name)
    newest = round.name
  }
  return {taken, names, warnings}
}

const NAME = {
  prefix: 'z_',
  timestamp: parseTimestampFormat('iso-8601', 'Europe/Berlin'),
  minWritten: undefined,
  hooks: [],
}
const periodic = (intervalMs: number): SnapshotPolicy => ({type: 'periodic', intervalMs, ...NAME})
const cron = (expression: string): SnapshotPolicy => ({
  type: 'cron',
  schedule: parseCron(expression),
  ...NAME,
})

describe('a year', () => {
  test.each([
    ['every twenty minutes', 20 * MINUTE],
    ['every hour', HOUR],
  ])('an hourly job has 8760 snapshots, started %s', (_, every) => {
    const {taken, names, warnings} = year(periodic(HOUR), every)
    expect(taken).toHaveLength(8760)
    expect(new Set(names).size).toBe(8760)
    expect(warnings).toBe(0)
  })

  test('a timer that is slower than the interval sets the rhythm', () => {
    expect(year(periodic(HOUR), 5 * HOUR).taken).toHaveLength(8760 / 5)
  })

  test('three in the morning in Berlin comes 365 times, half past two once less and once more', () => {
    const shown = (at: number) =>
      new Intl.DateTimeFormat('en-GB', {timeZone: 'Europe/Berlin', timeStyle: 'short'}).format(at)
    const three = year(cron('CRON_TZ=Europe/Berlin 0 3 * * *'), 30 * MINUTE).taken
    // The first one is taken at once, because there is none.
    expect(three.slice(1).map(shown)).toEqual(Array(365).fill('03:00'))
    const half = year(cron('CRON_TZ=Europe/Berlin 30 2 * * *'), 30 * MINUTE).taken
    expect(half.slice(1).map(shown)).toEqual(Array(365).fill('02:30'))
    const days = Map.groupBy(half.slice(1), (at) => new Date(at).toISOString().slice(0, 10))
    expect(days.get('2026-03-29')).toBeUndefined()
    expect(days.get('2026-10-25')).toHaveLength(2)
  })

  test('a clock that was a week ahead for a day costs at most a few snapshots, and none ever stops', () => {
    const wrong = (at: number) => (at >= START + 100 * DAY && at < START + 101 * DAY ? at + 7 * DAY : at)
    const {taken, warnings} = year(periodic(HOUR), 20 * MINUTE, wrong)
    expect(warnings).toBe(1)
    const gaps = taken.slice(1).map((at, index) => at - (taken[index] ?? 0))
    expect(gaps.filter((gap) => gap > HOUR + 20 * MINUTE)).toHaveLength(1)
    expect(taken.length).toBeGreaterThanOrEqual(8759)
    expect(taken.length).toBeLessThanOrEqual(8762)
  })
})
