import {describe, expect, test} from 'vitest'
import {timeZone} from '../../../src/lib/core/time-zone.ts'
import {type CalendarCounts, keepCalendar, periodsOf} from '../../../src/lib/prune/keep-calendar.ts'
import {parseCreatetxg, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {Snapshot} from '../../../src/lib/zfs/version.ts'

const BERLIN = timeZone('Europe/Berlin')
const NONE: CalendarCounts = {hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0}
const FAR = Date.UTC(2100, 0)

/** Snapshots named after their UTC dates, oldest first. */
function taken(...dates: readonly string[]): readonly Snapshot[] {
  return dates.map((date, index) => ({
    kind: 'snapshot',
    filesystem: parseDatasetName('tank/a'),
    name: date,
    guid: parseGuid(String(index + 1)),
    createtxg: parseCreatetxg(String(index + 1)),
    creation: Date.parse(`${date}Z`) / 1000,
    userrefs: 0,
  }))
}

function kept(
  snapshots: readonly Snapshot[],
  counts: Partial<CalendarCounts>,
  zone = BERLIN,
  nowMs = FAR,
): readonly string[] {
  const candidates = snapshots.map((snapshot) => ({snapshot, replicated: false, atCursor: false}))
  const opinions = keepCalendar(candidates, {counts: {...NONE, ...counts}, zone, regex: undefined}, nowMs)
  return snapshots.filter((snapshot) => opinions.get(snapshot) === 'keep').map(({name}) => name)
}

function every(stepMs: number, from: string, to: string): readonly Snapshot[] {
  const dates: string[] = []
  for (let at = Date.parse(`${from}Z`); at < Date.parse(`${to}Z`); at += stepMs) {
    dates.push(new Date(at).toISOString().slice(0, 19))
  }
  return taken(...dates)
}

const HOUR = 3_600_000

test('the first of each of the newest days stays', () => {
  const list = taken(
    '2026-03-01T00:10',
    '2026-03-01T09:00',
    '2026-03-02T08:00',
    '2026-03-02T20:00',
    '2026-03-05T01:00',
  )
  expect(kept(list, {daily: 2})).toEqual(['2026-03-02T08:00', '2026-03-05T01:00'])
  expect(kept(list, {daily: 9})).toEqual(['2026-03-01T00:10', '2026-03-02T08:00', '2026-03-05T01:00'])
})

test('days are those of the zone', () => {
  const list = taken('2026-07-01T21:59', '2026-07-01T22:01', '2026-07-02T21:59')
  expect(kept(list, {daily: 9})).toEqual(['2026-07-01T21:59', '2026-07-01T22:01'])
  expect(kept(list, {daily: 9}, timeZone('UTC'))).toEqual(['2026-07-01T21:59', '2026-07-02T21:59'])
})

test('weeks begin on Monday, also across a year', () => {
  const list = taken('2026-12-27T12:00', '2026-12-28T12:00', '2027-01-03T12:00', '2027-01-04T12:00')
  expect(kept(list, {weekly: 9})).toEqual(['2026-12-27T12:00', '2026-12-28T12:00', '2027-01-04T12:00'])
})

test('months and years', () => {
  const list = taken('2025-11-30T12:00', '2025-12-31T22:59', '2025-12-31T23:01', '2026-01-15T12:00')
  expect(kept(list, {monthly: 9})).toEqual(['2025-11-30T12:00', '2025-12-31T22:59', '2025-12-31T23:01'])
  expect(kept(list, {yearly: 9})).toEqual(['2025-11-30T12:00', '2025-12-31T23:01'])
  expect(kept(list, {monthly: 1, yearly: 2})).toEqual(['2025-11-30T12:00', '2025-12-31T23:01'])
})

describe('when clocks change', () => {
  test('the hour that comes twice is two hours', () => {
    // 2026-10-25 03:00 CEST becomes 02:00 CET.
    const list = taken('2026-10-25T00:30', '2026-10-25T00:45', '2026-10-25T01:30', '2026-10-25T01:45')
    expect(kept(list, {hourly: 9})).toEqual(['2026-10-25T00:30', '2026-10-25T01:30'])
  })

  test.each([
    ['of 25 hours', '2026-10-24T22:00', '2026-10-25T23:00', 25],
    ['of 23 hours', '2026-03-28T23:00', '2026-03-29T22:00', 23],
  ])('a day %s is one day', (_, from, to, hours) => {
    const list = every(HOUR, from, to)
    expect(list).toHaveLength(hours)
    expect(kept(list, {daily: 9})).toEqual([`${from}:00`])
    expect(kept(list, {hourly: 99})).toHaveLength(hours)
  })

  test('where the clock moves by half an hour, and where zones are half an hour apart', () => {
    // Lord Howe: 2026-04-05 02:00 (+11) becomes 01:30 (+10:30).
    const howe = timeZone('Australia/Lord_Howe')
    const list = taken(
      '2026-04-04T14:31',
      '2026-04-04T14:59',
      '2026-04-04T15:01',
      '2026-04-04T15:29',
      '2026-04-04T15:31',
    )
    expect(kept(list, {hourly: 9}, howe)).toEqual([
      '2026-04-04T14:31',
      '2026-04-04T15:01',
      '2026-04-04T15:31',
    ])
    expect(
      kept(taken('2026-01-01T18:29', '2026-01-01T18:31'), {daily: 9}, timeZone('Asia/Kolkata')),
    ).toHaveLength(2)
  })

  test('equal periods follow each other all year long', () => {
    for (const zone of [
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'America/Santiago',
      'Asia/Kolkata',
      'Pacific/Apia',
    ]) {
      const periods = every(HOUR / 2, '2026-01-01T00:00', '2027-01-01T00:00').map(({creation}) =>
        periodsOf(timeZone(zone), creation * 1000),
      )
      for (const period of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
        const keys = periods.map((of) => of[period])
        const runs = keys.filter((key, index) => key !== keys[index - 1])
        expect(runs.length, `${zone} ${period}`).toBe(new Set(keys).size)
      }
    }
  })
})

test('a snapshot dated in the future stays and takes no place', () => {
  const list = taken('2026-03-01T00:00', '2026-03-02T00:00', '2099-01-01T00:00')
  const now = Date.UTC(2026, 2, 2, 12)
  expect(kept(list, {daily: 1}, BERLIN, now)).toEqual(['2026-03-02T00:00', '2099-01-01T00:00'])
})

test('a machine that was off for a year loses nothing', () => {
  const list = [...every(24 * HOUR, '2026-01-01T12:00', '2026-01-08T12:00'), ...taken('2027-06-01T12:00')]
  expect(kept(list, {daily: 8})).toHaveLength(8)
})

test('one rule says why each of the others goes', () => {
  const list = taken('2026-03-01T00:10', '2026-03-01T09:00', '2026-03-02T08:00')
  const candidates = list.map((snapshot) => ({snapshot, replicated: false, atCursor: false}))
  const opinions = keepCalendar(
    candidates,
    {counts: {...NONE, daily: 1}, zone: BERLIN, regex: undefined},
    FAR,
  )
  expect(list.map((snapshot) => opinions.get(snapshot))).toEqual(['too-old', 'not-first', 'keep'])
})
