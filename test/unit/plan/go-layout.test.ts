import {expect, test} from 'vitest'
import {timeZone} from '../../../src/lib/core/time-zone.ts'
import {formatGoTime, readGoLayout} from '../../../src/lib/plan/go-layout.ts'

const AT = Date.UTC(2026, 1, 3, 14, 5, 6, 70)

// What Go's time.Format answers.
test.each([
  ['2006-01-02T15:04:05.000Z0700', 'UTC', '2026-02-03T14:05:06.070Z'],
  ['2006-01-02T15:04:05.000Z0700', 'Europe/Berlin', '2026-02-03T15:05:06.070+0100'],
  ['20060102_150405_000', 'UTC', '20260203_140506_000'],
  ['Mon Jan _2 15:04:05 2006', 'UTC', 'Tue Feb  3 14:05:06 2026'],
  ['Monday, 02-Jan-06 15:04:05 MST', 'UTC', 'Tuesday, 03-Feb-26 14:05:06 UTC'],
  ['January 2 2006', 'UTC', 'February 3 2026'],
  ['1/2 3:4:5pm 03PM', 'UTC', '2/3 2:5:6pm 02PM'],
  ['3pm', 'Asia/Tokyo', '11pm'],
  ['002 __2', 'UTC', '034  34'],
  ['_2006', 'UTC', '_2026'],
  ['-07 -0700 -07:00 -070000 -07:00:00', 'America/St_Johns', '-03 -0330 -03:30 -033000 -03:30:00'],
  ['Z07 Z0700 Z07:00 Z070000 Z07:00:00', 'UTC', 'Z Z Z Z Z'],
  ['Z07:00', 'Asia/Kathmandu', '+05:45'],
  ['05.000000', 'UTC', '06.070000'],
  ['05,00', 'UTC', '06,07'],
  ['05.999', 'UTC', '06.07'],
  ['.0005', 'UTC', '.0006'],
  ['Monkey', 'UTC', 'Monkey'],
  ['Janet', 'UTC', 'Janet'],
  ['plain', 'UTC', 'plain'],
])('%s in %s is %s', (layout, zone, expected) => {
  expect(formatGoTime(layout, timeZone(zone), AT)).toBe(expected)
})

test.each([
  ['05.999', '06'],
  ['05.000', '06.000'],
])('nines leave out what is nothing, zeros do not: %s is %s', (layout, expected) => {
  expect(formatGoTime(layout, timeZone('UTC'), AT - 70)).toBe(expected)
})

test('midnight and noon are twelve', () => {
  expect(formatGoTime('3PM', timeZone('UTC'), Date.UTC(2026, 0, 1))).toBe('12AM')
  expect(formatGoTime('3PM', timeZone('UTC'), Date.UTC(2026, 0, 1, 12))).toBe('12PM')
})

test('a layout is taken apart once, text beside text together', () => {
  expect(readGoLayout('daily-2006-01')).toEqual([
    {literal: 'daily-'},
    {element: '2006'},
    {literal: '-'},
    {element: '01'},
  ])
})
