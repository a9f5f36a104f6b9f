import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {
  formatBytes,
  formatDuration,
  parseGoDuration,
  parseSize,
  parseZreplDuration,
  UnitError,
} from '../../../src/lib/core/units.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('zrepl durations', () => {
  test.each([
    ['10s', 10_000],
    ['10m', 600_000],
    ['2h', 2 * HOUR],
    ['35d', 35 * DAY],
    ['1w', 7 * DAY],
    ['0', 0],
    ['0s', 0],
    ['-0', 0],
    ['+5m', 300_000],
    ['-5m', -300_000],
    [' 10 \t m\n', 600_000],
    ['0010m', 600_000],
    ['106751d', 106_751 * DAY],
  ])('%j is %d ms', (text, ms) => {
    expect(parseZreplDuration(text)).toBe(ms)
  })

  test.each([
    ['', 'it must be a whole number and a unit'],
    ['10', 'the unit is missing'],
    ['+1', 'the unit is missing'],
    ['m', 'it must be a whole number and a unit'],
    ['1.5h', 'it must be a whole number and a unit'],
    ['1h30m', 'it must be a whole number and a unit'],
    ['1e3s', 'it must be a whole number and a unit'],
    ['1 0s', 'it must be a whole number and a unit'],
    ['10ms', "'ms' is not a unit"],
    ['10y', "'y' is not a unit"],
    ['10M', 'it must be a whole number and a unit'],
    ['10\u043c', 'it must be a whole number and a unit'],
    ['\u06610s', 'it must be a whole number and a unit'],
    ['10\u00a0s', 'it must be a whole number and a unit'],
    ['106752d', 'it is longer than 292 years'],
    ['99999999d', 'it is longer than 292 years'],
    [`${'9'.repeat(90)}s`, 'it is longer than 292 years'],
    [`${'9'.repeat(100)}s`, 'it is longer than 100 characters'],
  ])('%j is refused', (text, why) => {
    expect(() => parseZreplDuration(text)).toThrow(UnitError)
    expect(() => parseZreplDuration(text)).toThrow(why)
  })
})

describe('Go durations', () => {
  test.each([
    ['0', 0],
    ['+0', 0],
    ['10s', 10_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1.5h', 1.5 * HOUR],
    ['.5s', 500],
    ['1.s', 1000],
    ['1h1m1s1ms', HOUR + 61_001],
    ['30s1m', 90_000],
    ['-2s', -2000],
    ['1ns', 1],
    ['1us', 1],
    ['1\u00b5s', 1],
    ['1\u03bcs', 1],
    ['1001us', 2],
    ['-1us', -1],
    ['0.1ms', 1],
    ['2562047h', 2_562_047 * HOUR],
  ])('%j is %d ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms)
  })

  test.each([
    ['', 'it must be numbers with units'],
    ['-', 'it must be numbers with units'],
    ['3', 'it must be numbers with units'],
    ['1s3', 'it must be numbers with units'],
    ['s', 'it must be numbers with units'],
    ['.s', 'it must be numbers with units'],
    ['1..5s', 'it must be numbers with units'],
    [' 1s', 'it must be numbers with units'],
    ['1d', "'d' is not a unit"],
    ['1h 30m', "'h ' is not a unit"],
    ['1S', "'S' is not a unit"],
    ['--1s', 'it must be numbers with units'],
    ['2562048h', 'it is longer than 292 years'],
    [`0.${'9'.repeat(100)}s`, 'it is longer than 100 characters'],
  ])('%j is refused', (text, why) => {
    expect(() => parseGoDuration(text)).toThrow(UnitError)
    expect(() => parseGoDuration(text)).toThrow(why)
  })

  test('a sum is the sum of its parts', () => {
    const units = ['ms', 's', 'm', 'h']
    const part = fc.tuple(fc.integer({min: 0, max: 1000}), fc.constantFrom(...units))
    fc.assert(
      fc.property(fc.array(part, {minLength: 1, maxLength: 6}), (parts) => {
        const texts = parts.map(([count, unit]) => `${count}${unit}`)
        const sum = texts.reduce((total, text) => total + parseGoDuration(text), 0)
        expect(parseGoDuration(texts.join(''))).toBe(sum)
      }),
    )
  })
})

describe('sizes', () => {
  test.each([
    ['0 B', 0n],
    ['1B', 1n],
    ['8 b', 1n],
    ['8 bit', 1n],
    ['16bit', 2n],
    ['12 bit', 1n],
    ['1 KB', 1000n],
    ['1 KiB', 1024n],
    ['1 Kb', 125n],
    ['1 Kib', 128n],
    ['23.5 MiB', 24_641_536n],
    ['.5 KB', 500n],
    ['1. KB', 1000n],
    ['2 GB', 2_000_000_000n],
    ['2 GiB', 2_147_483_648n],
    ['1 TB', 1_000_000_000_000n],
    ['1 TiB', 1_099_511_627_776n],
    ['-1 B', -1n],
    ['-0.5 b', -1n],
    ['-2 MB', -2_000_000n],
  ])('%j is %s bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  test.each([
    ['', 'it must be a number and a unit'],
    ['-1', 'it must be a number and a unit'],
    ['10', 'it must be a number and a unit'],
    ['10 M', 'it must be a number and a unit'],
    ['1 Zi', 'it must be a number and a unit'],
    ['1 kB', 'it must be a number and a unit'],
    ['1 iB', 'it must be a number and a unit'],
    ['1-2 B', 'it must be a number and a unit'],
    ['1.2.3 B', 'it must be a number and a unit'],
    ['. B', 'it must be a number and a unit'],
    ['1 MiB/s', 'it must be a number and a unit'],
    ['1.5 bit', 'bits are whole'],
    ['7 b', 'it is less than a byte'],
    ['0.5 B', 'it is less than a byte'],
    [`${'9'.repeat(100)} B`, 'it is longer than 100 characters'],
  ])('%j is refused', (text, why) => {
    expect(() => parseSize(text)).toThrow(UnitError)
    expect(() => parseSize(text)).toThrow(why)
  })
})

test.each<[number | bigint, string]>([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [10_240, '10 KiB'],
  [1024 ** 2 - 1, '1 MiB'],
  [12_345_678, '11.8 MiB'],
  [1024n ** 3n, '1 GiB'],
  [2n ** 63n - 1n, '8 EiB'],
  [2n ** 80n, '1048576 EiB'],
  [-1536, '-1.5 KiB'],
])('%s bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [0, '0ms'],
  [999, '999ms'],
  [1000, '1s'],
  [1499, '1.5s'],
  [9949, '9.9s'],
  [9999, '10s'],
  [59_499, '59s'],
  [59_999, '1m'],
  [90_000, '1m30s'],
  [HOUR - 1, '1h'],
  [HOUR, '1h'],
  [2.5 * HOUR, '2h30m'],
  [DAY - 1, '1d'],
  [DAY + 4 * HOUR, '1d4h'],
  [400 * DAY, '400d'],
  [-90_000, '-1m30s'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})
