import {describe, expect, test} from 'vitest'
import {nextTick} from '../../../src/lib/plan/cron-schedule.ts'
import {parseCron} from '../../../src/lib/plan/parse-cron.ts'

/** The tick after a moment, both as ISO 8601. */
function next(after: string, expression: string): string | undefined {
  const tick = nextTick(parseCron(expression), Date.parse(after))
  return tick === undefined ? undefined : new Date(tick).toISOString().replace('.000Z', 'Z')
}

const inUtc = (expression: string) => `TZ=UTC ${expression}`

// What robfig/cron v3 answers; 2012-07-09 is a Monday.
test.each([
  ['2012-07-09T14:45:00Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
  ['2012-07-09T14:59:59Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
  ['2012-07-09T15:00:00Z', '0/15 * * * *', '2012-07-09T15:15:00Z'],
  ['2012-07-09T15:00:00.999Z', '0 15 * * *', '2012-07-10T15:00:00Z'],
  ['2012-07-09T14:59:59.999Z', '0 15 * * *', '2012-07-09T15:00:00Z'],
  ['2012-07-09T15:45:00Z', '20-35/15 * * * *', '2012-07-09T16:20:00Z'],
  ['2012-07-09T23:46:00Z', '*/15 * * * *', '2012-07-10T00:00:00Z'],
  ['2012-07-09T23:35:51Z', '15/35 20-35/15 * * * *', '2012-07-10T00:20:15Z'],
  ['2012-07-09T23:35:51Z', '15/35 20-35/15 1/2 * * *', '2012-07-10T01:20:15Z'],
  ['2012-07-09T23:35:51Z', '15/35 20-35/15 10-12 * * *', '2012-07-10T10:20:15Z'],
  ['2012-07-09T23:35:51Z', '15/35 20-35/15 1/2 */2 * *', '2012-07-11T01:20:15Z'],
  ['2012-07-09T23:35:51Z', '15/35 20-35/15 * 9-20 Jul *', '2012-07-10T00:20:15Z'],
  ['2012-07-09T23:35:00Z', '0 0 9 Apr-Oct ?', '2012-08-09T00:00:00Z'],
  // A step is a restriction, so that a Monday or the 1st, 6th, 11th … will do.
  ['2012-07-09T23:35:00Z', '0 0 */5 Apr,Aug,Oct Mon', '2012-08-01T00:00:00Z'],
  ['2012-07-14T23:59:59Z', '* * */10 * Sun', '2012-07-15T00:00:00Z'],
  ['2012-07-09T23:35:00Z', '0 0 * Feb Mon', '2013-02-04T00:00:00Z'],
  ['2012-07-09T23:35:00Z', '0 0 * Feb Mon/2', '2013-02-01T00:00:00Z'],
  ['2012-12-31T23:59:45Z', '* * * * *', '2013-01-01T00:00:00Z'],
  ['2012-12-31T23:59:45Z', '* * * * * *', '2012-12-31T23:59:46Z'],
  ['2012-07-09T23:35:00Z', '0 0 29 feb ?', '2016-02-29T00:00:00Z'],
  // Both kinds of days: either. One of them starred: both.
  ['2012-06-14T00:00:00Z', '0 0 1,15 * Sun', '2012-06-15T00:00:00Z'],
  ['2012-06-15T00:00:00Z', '0 0 1,15 * Sun', '2012-06-17T00:00:00Z'],
  ['2012-06-15T00:00:00Z', '0 0 1,15 * *', '2012-07-01T00:00:00Z'],
  ['2012-07-09T15:04:00Z', '@hourly', '2012-07-09T16:00:00Z'],
  ['2012-07-09T15:04:00Z', '@daily', '2012-07-10T00:00:00Z'],
  ['2012-07-09T15:04:00Z', '@midnight', '2012-07-10T00:00:00Z'],
  ['2012-07-09T15:04:00Z', '@weekly', '2012-07-15T00:00:00Z'],
  ['2012-07-09T15:04:00Z', '@monthly', '2012-08-01T00:00:00Z'],
  ['2012-07-09T15:04:00Z', '@yearly', '2013-01-01T00:00:00Z'],
  ['2012-07-09T15:04:00.500Z', '@every 1h30m', '2012-07-09T16:34:00Z'],
  ['2012-07-09T15:04:00Z', '@every 10ms', '2012-07-09T15:04:01Z'],
])('after %s, %s comes at %s', (after, expression, expected) => {
  expect(next(after, inUtc(expression))).toBe(expected)
})

describe('daylight saving', () => {
  test.each([
    // New York 2012: on March 11 clocks skip 2 to 3, on November 4 they repeat 1 to 2.
    [
      'an hour that is skipped does not come',
      '2012-03-11T05:00:00Z',
      '0 30 2 11 Mar ?',
      '2013-03-11T06:30:00Z',
    ],
    ['nor does it the same day', '2012-03-11T05:00:00Z', '0 2 * * *', '2012-03-12T06:00:00Z'],
    ['hourly leaves no hour out', '2012-03-11T06:00:00Z', '0 * * * *', '2012-03-11T07:00:00Z'],
    ['an hour that is repeated comes', '2012-11-04T04:00:00Z', '0 1 * * *', '2012-11-04T05:00:00Z'],
    ['and comes again', '2012-11-04T05:00:00Z', '0 1 * * *', '2012-11-04T06:00:00Z'],
    ['but not three times', '2012-11-04T06:00:00Z', '0 1 * * *', '2012-11-05T06:00:00Z'],
    ['what is behind it comes once', '2012-11-04T04:00:00Z', '30 2 4 Nov ?', '2012-11-04T07:30:00Z'],
    ['half past the repeated hour', '2012-11-04T05:45:00Z', '30 1 4 Nov ?', '2012-11-04T06:30:00Z'],
    ['a month later', '2012-11-04T04:00:00Z', '0 3 3 * ?', '2012-12-03T08:00:00Z'],
  ])('%s', (_, after, expression, expected) => {
    expect(next(after, `CRON_TZ=America/New_York ${expression}`)).toBe(expected)
  })

  // São Paulo 2018: on November 4 the day begins at 1 o'clock, on February 18 the hour before midnight is repeated.
  test.each([
    ['2018-10-17T09:00:00Z', '0 9 10 * ?', '2018-11-10T11:00:00Z'],
    ['2018-02-14T10:00:00Z', '0 9 22 * ?', '2018-02-22T12:00:00Z'],
    ['2018-11-03T12:00:00Z', '0 1 4 11 ?', '2018-11-04T03:00:00Z'],
    ['2018-11-03T12:00:00Z', '@daily', '2018-11-05T02:00:00Z'],
    ['2018-02-17T12:00:00Z', '30 23 * * *', '2018-02-18T01:30:00Z'],
    ['2018-02-18T01:30:00Z', '30 23 * * *', '2018-02-18T02:30:00Z'],
  ])('where midnight does not exist: after %s, %s comes at %s', (after, expression, expected) => {
    expect(next(after, `TZ=America/Sao_Paulo ${expression}`)).toBe(expected)
  })

  test('Troll goes back two hours, from three to one', () => {
    const nightly = 'TZ=Antarctica/Troll 0 1 * * *'
    expect(next('2026-10-24T12:00:00Z', nightly)).toBe('2026-10-24T23:00:00Z')
    expect(next('2026-10-25T00:30:00Z', nightly)).toBe('2026-10-25T01:00:00Z')
  })

  test('Samoa left out the 30th of December 2011', () => {
    expect(next('2011-12-29T12:00:00Z', 'TZ=Pacific/Apia 0 12 * * *')).toBe('2011-12-29T22:00:00Z')
    expect(next('2011-12-29T22:00:00Z', 'TZ=Pacific/Apia 0 12 * * *')).toBe('2011-12-30T22:00:00Z')
  })
})

describe('refused', () => {
  test.each([
    ['', 'it has 0 fields'],
    ['xyz', 'it has 1 fields'],
    ['* * * *', 'it has 4 fields'],
    ['* * * * * * *', 'it has 7 fields'],
    ['60 0 * * *', 'the minute must be from 0 to 59, not 60'],
    ['0 24 * * *', 'the hour must be from 0 to 23, not 24'],
    ['60 0 0 * * *', 'the second must be from 0 to 59, not 60'],
    ['0 0 0 * *', 'the day of month must be from 1 to 31, not 0'],
    ['0 0 * 13 *', 'the month must be from 1 to 12, not 13'],
    ['0 0 * * 7', 'not 7; Sunday is 0'],
    ['0 0 * * XYZ', "'XYZ' is not a day of week"],
    ['0 0 * sun *', "'sun' is not a month"],
    ['-1 0 * * *', "'' is not a minute"],
    ['5-1 0 * * *', "the range '5-1' ends before it begins"],
    ['1-2-3 0 * * *', 'too many hyphens'],
    ['1/2/3 0 * * *', 'too many slashes'],
    ['*/0 0 * * *', 'must be more than 0'],
    ['*-5 0 * * *', "'*-5' is no range"],
    [', 0 * * *', 'the minute is empty'],
    ['1e1 0 * * *', "'1e1' is not a minute"],
    ['@noon', 'it is none of @yearly'],
    ['@every day', 'bad duration'],
    ['@every -1h -1h', 'bad duration'],
    ['TZ=Europe/Nowhere 0 0 * * *', "'Europe/Nowhere' is not a time zone"],
    ['TZ= 0 0 * * *', "'' is not a time zone"],
    ['0 0 30 2 *', 'it never comes true'],
    ['0 0 31 4,6,9,11 *', 'it never comes true'],
  ])('%j: %s', (expression, message) => {
    expect(() => parseCron(expression)).toThrow(message)
  })
})

test('every tick of a year is one that the expression means, in order, and none is left out', () => {
  const schedule = parseCron('TZ=Europe/Berlin */30 1-3 * * sun')
  const ticks: number[] = []
  const end = Date.UTC(2025, 0, 1)
  for (let at = Date.UTC(2024, 0, 1); ; ) {
    const tick = nextTick(schedule, at)
    if (tick === undefined || tick >= end) break
    ticks.push(tick)
    at = tick
  }
  const shown = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Europe/Berlin',
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  })
  const meant = /^Sun,? 0[123]:[03]0$/
  const all: number[] = []
  for (let at = Date.UTC(2024, 0, 1); at < end; at += 30 * 60_000) {
    if (meant.test(shown.format(at))) all.push(at)
  }
  expect(ticks).toEqual(all)
  // 52 Sundays of six ticks, two fewer in March, two more in October.
  expect(ticks).toHaveLength(312)
})
