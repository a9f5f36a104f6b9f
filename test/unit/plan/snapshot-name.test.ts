import {describe, expect, test} from 'vitest'
import {
  checkSnapshotNames,
  formatTimestamp,
  parseTimestampFormat,
  snapshotNameAt,
} from '../../../src/lib/plan/snapshot-name.ts'

const SUMMER = Date.UTC(2020, 5, 1, 22, 4, 5, 678)
const WINTER = Date.UTC(2020, 11, 1, 22, 4, 5, 678)

test.each([
  ['dense', 'UTC', SUMMER, '20200601_220405_000'],
  ['Dense', '', SUMMER, '20200601_220405_000'],
  ['human', 'UTC', SUMMER, '2020-06-01_22:04:05'],
  ['unix-seconds', 'UTC', SUMMER, '1591049045'],
  ['iso-8601', 'UTC', SUMMER, '2020-06-01T22:04:05.678Z'],
  ['ISO-8601', 'Europe/Berlin', SUMMER, '2020-06-02T00:04:05.678_0200'],
  ['iso-8601', 'Europe/Berlin', WINTER, '2020-12-01T23:04:05.678_0100'],
  ['iso-8601', 'Europe/London', SUMMER, '2020-06-01T23:04:05.678_0100'],
  ['iso-8601', 'Europe/London', WINTER, '2020-12-01T22:04:05.678Z'],
  ['iso-8601', 'America/New_York', SUMMER, '2020-06-01T18:04:05.678-0400'],
  ['iso-8601', 'America/St_Johns', WINTER, '2020-12-01T18:34:05.678-0330'],
  ['iso-8601', 'Asia/Kathmandu', SUMMER, '2020-06-02T03:49:05.678_0545'],
  ['2006-01-02_15h04', 'Europe/Berlin', SUMMER, '2020-06-02_00h04'],
  ['Jan_2_15-07:00', 'Europe/Berlin', SUMMER, 'Jun 2_00_02:00'],
  ['2006-01-02T15:04MST', '', SUMMER, '2020-06-01T22:04UTC'],
  ['iso-8601', 'UTC', 0, '1970-01-01T00:00:00.000Z'],
  ['iso-8601', 'Asia/Tokyo', Date.UTC(2106, 1, 7, 15), '2106-02-08T00:00:00.000_0900'],
])('%s in %s at %d is %s', (format, location, nowMs, expected) => {
  expect(formatTimestamp(parseTimestampFormat(format, location), nowMs)).toBe(expected)
})

describe('the hour that autumn repeats', () => {
  const berlin = parseTimestampFormat('iso-8601', 'Europe/Berlin')
  test('gets two names, by the offset at the snapshot’s own time', () => {
    expect(formatTimestamp(berlin, Date.UTC(2020, 9, 25, 0, 30))).toBe('2020-10-25T02:30:00.000_0200')
    expect(formatTimestamp(berlin, Date.UTC(2020, 9, 25, 1, 30))).toBe('2020-10-25T02:30:00.000_0100')
  })
})

describe('what is refused', () => {
  test.each([
    ['dense', 'Europe/Berlin', 'requires timestamp_location UTC'],
    ['human', 'Local', 'requires timestamp_location UTC'],
    ['unix-seconds', 'Asia/Tokyo', 'requires timestamp_location UTC'],
    ['iso-8601', 'Europe/Nowhere', "'Europe/Nowhere' is not a time zone"],
    ['iso-8601', '+02:00', 'is not a time zone'],
    ['densee', 'UTC', 'is none of dense, human, iso-8601, unix-seconds, and says nothing about the time'],
    ['', 'UTC', 'says nothing about the time'],
    ['2006-01-02+', 'UTC', 'contains a +'],
    ['15h04 MST', 'Europe/Berlin', 'asks for the abbreviation of a zone'],
    ['15h04', 'Europe/Nowhere', 'is not a time zone'],
  ])('%s in %s: %s', (format, location, message) => {
    expect(() => parseTimestampFormat(format, location)).toThrow(message)
  })
})

test('Local is the host’s own zone', () => {
  const local = formatTimestamp(parseTimestampFormat('iso-8601', 'Local'), SUMMER)
  expect(Date.parse(local.replace('_', '+').replace(/(\d\d)(\d\d)$/, '$1:$2'))).toBe(SUMMER)
})

describe('the whole name', () => {
  const dense = parseTimestampFormat('dense', 'UTC')
  test('prefix and timestamp', () => {
    expect(snapshotNameAt('zrepl_', dense, SUMMER)).toBe('zrepl_20200601_220405_000')
  })

  test.each(['a/b', 'a@', 'a%', 'a+', 'ä', 'x'.repeat(250)])('%j makes no valid name', (prefix) => {
    expect(() => checkSnapshotNames(prefix, dense)).toThrow('bad name')
  })

  test('a layout whose longest name leaves no room is refused, whatever the month now', () => {
    const layout = parseTimestampFormat('Monday 2 January', 'UTC')
    checkSnapshotNames('x'.repeat(229), layout)
    expect(() => checkSnapshotNames('x'.repeat(232), layout)).toThrow('leaves no room')
  })

  test('every format makes valid names in every zone', () => {
    for (const format of ['dense', 'human', 'iso-8601', 'unix-seconds'])
      checkSnapshotNames('zrepl_', parseTimestampFormat(format, 'UTC'))
    for (const zone of ['Local', 'Europe/Berlin', 'Pacific/Chatham', 'America/Caracas']) {
      checkSnapshotNames('zrepl_', parseTimestampFormat('iso-8601', zone))
    }
  })
})
