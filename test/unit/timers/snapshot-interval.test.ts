import {expect, test} from 'vitest'
import {parseCron} from '../../../src/lib/plan/parse-cron.ts'
import {snapshotInterval} from '../../../src/lib/timers/snapshot-interval.ts'

const NAME = {
  prefix: 'z_',
  timestamp: {format: 'dense', location: 'UTC'},
  minWritten: undefined,
  hooks: [],
} as const
const MINUTE = 60_000

test.each([
  ['*/5 * * * *', 5],
  ['0,20,40 * * * *', 20],
  ['7 * * * *', 1],
  ['30 2 * * *', 30],
  ['0 * * * *', 60],
  ['0 */6 * * *', 360],
  ['0 2,14 * * *', 120],
  ['0 0 * * 0', 24 * 60],
  ['@every 90m', 90],
  ['*/10 * * * * *', 1],
  ['0 */30 * * * *', 30],
  ['CRON_TZ=Asia/Kolkata 0 0 * * *', 15],
])('%s: every %d minutes', (spec, minutes) => {
  expect(snapshotInterval({...NAME, type: 'cron', schedule: parseCron(spec)})).toBe(minutes * MINUTE)
})

test('an interval is itself, and a person has none', () => {
  expect(snapshotInterval({...NAME, type: 'periodic', intervalMs: 7 * MINUTE})).toBe(7 * MINUTE)
  expect(snapshotInterval({type: 'manual'})).toBeUndefined()
})
