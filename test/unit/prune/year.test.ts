import {describe, expect, test} from 'vitest'
import type {NonEmpty} from '../../../src/lib/core/assert.ts'
import {judgeAlone} from '../../../src/lib/prune/judge-side.ts'
import type {KeepRule} from '../../../src/lib/prune/keep-rule.ts'
import {parseCreatetxg, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {Snapshot} from '../../../src/lib/zfs/version.ts'
import {PUSH, view} from '../plan/views.ts'
import {calendar, grid} from './rules.ts'

const HOUR = 3_600_000
const BEGIN = Date.UTC(2026, 0, 1)
const HOURS_OF_YEAR = 365 * 24

/** A year of hourly runs, snapshot and prune, by a clock that `clock` may bend. Returns what is left, by date. */
function year(
  rules: NonEmpty<KeepRule>,
  {clock = (ms) => ms, agreed = false}: {clock?: (ms: number, hour: number) => number; agreed?: boolean} = {},
): {readonly left: readonly Snapshot[]; readonly largest: number; readonly refusals: number} {
  let left: readonly Snapshot[] = []
  let largest = 0
  let refusals = 0
  for (let hour = 0; hour < HOURS_OF_YEAR; hour += 1) {
    const nowMs = clock(BEGIN + hour * HOUR, hour)
    const history = view('')
    const taken: Snapshot = {
      kind: 'snapshot',
      filesystem: history.filesystem,
      name: `auto_${hour}`,
      guid: parseGuid(String(hour + 1)),
      createtxg: parseCreatetxg(String(hour + 1)),
      creation: Math.floor(nowMs / 1000),
      userrefs: 0,
    }
    const [judgement] = judgeAlone(
      {jobId: PUSH, filesystems: [{...history, versions: [...left, taken]}]},
      {rules, agreed, running: new Map(), nowMs},
    )
    if (judgement?.kind === 'skip') refusals += 1
    left =
      judgement?.kind === 'judged'
        ? judgement.verdicts.flatMap(({kind, snapshot}) => (kind === 'keep' ? [snapshot] : []))
        : [...left, taken]
    largest = Math.max(largest, left.length)
    if (!left.includes(taken)) throw new Error(`the snapshot just taken is gone: ${taken.name}`)
  }
  return {left, largest, refusals}
}

const dates = (list: readonly Snapshot[]) =>
  list.map(({creation}) => new Date(creation * 1000).toISOString().slice(0, 13))

describe('a calendar in Berlin', () => {
  const rules = [calendar({hourly: 24, daily: 14, monthly: 12}, 'Europe/Berlin')] as const

  test('keeps the first of each day and month there, through summer and winter time', () => {
    const {left, largest} = year(rules)
    // 23:00 in winter and 22:00 in summer is midnight in Berlin.
    expect(dates(left).slice(0, 11)).toEqual([
      '2026-01-31T23',
      '2026-02-28T23',
      '2026-03-31T22',
      '2026-04-30T22',
      '2026-05-31T22',
      '2026-06-30T22',
      '2026-07-31T22',
      '2026-08-31T22',
      '2026-09-30T22',
      '2026-10-31T23',
      '2026-11-30T23',
    ])
    expect(dates(left).slice(11, 13)).toEqual(['2026-12-18T23', '2026-12-19T23'])
    expect(left).toHaveLength(11 + 13 + 24)
    expect(largest).toBeLessThanOrEqual(12 + 14 + 24)
  })
})

describe('a grid', () => {
  const rules = [grid('1x1h(keep=all) | 24x1h | 30x1d | 11x30d')] as const

  test('thins out evenly, and is as large as it says', () => {
    const {left, largest} = year(rules)
    expect(largest).toBeLessThanOrEqual(1 + 1 + 24 + 30 + 11)
    const gaps = left.slice(1).map(({creation}, index) => creation - (left[index]?.creation ?? 0))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(60 * 24 * 3600)
    expect(left.length).toBeGreaterThan(24 + 28 + 9)
  })
})

describe.each([
  ['a calendar', [calendar({hourly: 24, daily: 14, monthly: 12}, 'Europe/Berlin')]],
  ['a grid', [grid('1x1h(keep=all) | 24x1h | 30x1d | 11x30d')]],
] satisfies [string, NonEmpty<KeepRule>][])('%s survives a clock', (_, rules) => {
  const honest = year(rules)

  test.each<[string, (ms: number, hour: number) => number]>([
    ['an hour ahead for a day', (ms, hour) => (hour >= 4000 && hour < 4024 ? ms + HOUR : ms)],
    ['at 1970 for a day', (ms, hour) => (hour >= 4000 && hour < 4024 ? ms - BEGIN : ms)],
    ['put back by a day, once', (ms, hour) => (hour >= 4000 ? ms - 24 * HOUR : ms)],
    ['ten years ahead for an hour', (ms, hour) => (hour === 4000 ? ms + HOURS_OF_YEAR * 10 * HOUR : ms)],
    [
      'ten years ahead for eight hours',
      (ms, hour) => (hour >= 4000 && hour < 4008 ? ms + HOURS_OF_YEAR * 10 * HOUR : ms),
    ],
  ])('that is %s', (_, clock) => {
    const {left} = year(rules, {clock})
    const lost = dates(honest.left).filter((date) => !dates(left).some((other) => isNear(other, date)))
    expect(lost).toEqual([])
  })

  /** Within 30 days where an honest year keeps months. */
  function isNear(a: string, b: string): boolean {
    return Math.abs(Date.parse(`${a}:00Z`) - Date.parse(`${b}:00Z`)) <= 31 * 24 * HOUR
  }
})

test('ten years ahead, a grid would have lost everything older: the jump stops it', () => {
  const rules = [grid('1x1h(keep=all) | 24x1h | 30x1d')] as const
  const clock = (ms: number, hour: number) =>
    hour >= HOURS_OF_YEAR - 10 ? ms + HOURS_OF_YEAR * 10 * HOUR : ms
  const {left, refusals} = year(rules, {clock})
  expect(refusals).toBe(10)
  expect(left.length).toBeGreaterThan(55)
  expect(year(rules, {clock, agreed: true}).left.length).toBeLessThan(15)
})
