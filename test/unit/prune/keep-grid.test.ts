import {describe, expect, test} from 'vitest'
import {compileRegex} from '../../../src/lib/core/linear-regex.ts'
import {fitGrid, keepGrid, parseGrid} from '../../../src/lib/prune/keep-grid.ts'
import {snapshots} from '../../versions.ts'

const MINUTE = 60
/** 1970 is too close for negative dates. */
const BASE = 1_000_000

/** Snapshots at these seconds, oldest first. */
function at(...seconds: readonly number[]) {
  return snapshots(
    seconds
      .toSorted((a, b) => a - b)
      .map((second, index) => `@${second},${index + 1},${index + 1},${BASE + second}`)
      .join(' '),
  )
}

/** The seconds that the grid keeps when it ends at `end`. */
function kept(spec: string, seconds: readonly number[], end: number): readonly number[] {
  const opinions = fitGrid(at(...seconds), parseGrid(spec), (BASE + end) * 1000)
  return Array.from(opinions).flatMap(([{name}, opinion]) => (opinion === 'keep' ? [Number(name)] : []))
}

function minutes(...list: readonly number[]): readonly number[] {
  return list.map((minute) => minute * MINUTE)
}

describe('which snapshots a grid keeps', () => {
  test.each<[string, readonly number[], number, readonly number[]]>([
    ['10m|10m|10m', minutes(1, 0, -10, -20, -30, -40), 0, minutes(-20, -10, 0, 1)],
    ['1m(keep=2)', [1, 2, 3, 4, 5], 5, [1, 2]],
    ['1m(keep=all)|1m(keep=1)', [0, -1, -2, -60, -61], 0, [-61, -2, -1, 0]],
    [
      '10m(keep=all)|10m|10m(keep=2)|1h',
      minutes(3, -6, -8, -9, -11, -19, -25, -26, -30, -75, -90, -91, -120),
      0,
      minutes(-75, -26, -25, -19, -9, -8, -6, 3),
    ],
    // With one per bucket from the start, the newest goes: zrepl's grid, kept as it is; `protect` keeps the newest.
    ['1h', [0, -1], 0, [-1]],
    ['1h', [0], 0, [0]],
    ['1h', [], 0, []],
  ])('%s of %j ending at %d keeps %j', (spec, seconds, end, expected) => {
    // Vectors are written without the number of times.
    const full = spec
      .split('|')
      .map((interval) => `1x${interval}`)
      .join('|')
    expect(kept(full, seconds, end)).toEqual(expected)
  })

  test('24x1h is 24 buckets', () => {
    const hours = Array.from({length: 30}, (_, hour) => 0 - hour * 60 * MINUTE)
    expect(kept('24x1h', hours, 0)).toEqual(hours.slice(0, 24).toReversed())
  })

  test('why the others go', () => {
    const opinions = fitGrid(at(0, -1, -3600), parseGrid('1x1h'), BASE * 1000)
    expect(Array.from(opinions.values())).toEqual(['too-old', 'keep', 'bucket-full'])
  })

  test('within one second createtxg decides', () => {
    const same = snapshots(`@b,2,20,${BASE} @a,1,10,${BASE} @c,3,30,${BASE}`)
    const opinions = keepGrid(
      same.map(candidate),
      {intervals: parseGrid('1x1h(keep=2)'), regex: compileRegex('')},
      BASE * 1000,
    )
    expect(Array.from(opinions, ([{name}, opinion]) => `${name} ${opinion}`)).toEqual([
      'a keep',
      'b keep',
      'c bucket-full',
    ])
  })
})

describe('the rule', () => {
  const rule = {intervals: parseGrid('1x1h(keep=all)|2x1h'), regex: compileRegex('^z')}

  function keptByRule(history: string, nowMs: number): readonly string[] {
    const opinions = keepGrid(snapshots(history).map(candidate), rule, nowMs)
    return Array.from(opinions).flatMap(([{name}, opinion]) => (opinion === 'keep' ? [name] : []))
  }

  test('says nothing about names that do not match', () => {
    const opinions = keepGrid(snapshots('@z1,1 @m,2').map(candidate), rule, 0)
    expect(Array.from(opinions.keys(), ({name}) => name)).toEqual(['z1'])
  })

  test('ends at the youngest matching snapshot, whatever the clock says', () => {
    const history = `@z1,1,1,${BASE} @z2,2,2,${BASE + 60} @m,3,3,${BASE + 900_000}`
    for (const later of [0, 86400, 10 * 365 * 86400])
      expect(keptByRule(history, (BASE + 60 + later) * 1000)).toEqual(['z1', 'z2'])
  })

  test('one snapshot from the future does not make the others look old', () => {
    const history = `@z1,1,1,${BASE} @z2,2,2,${BASE + 60} @z2036,3,3,${BASE + 10 * 365 * 86400}`
    expect(keptByRule(history, (BASE + 120) * 1000)).toEqual(['z1', 'z2', 'z2036'])
  })

  test('a clock that was set back destroys nothing', () => {
    const history = `@z1,1,1,${BASE} @z2,2,2,${BASE + 86400} @z3,3,3,${BASE + 2 * 86400}`
    expect(keptByRule(history, 0)).toEqual(['z1', 'z2', 'z3'])
    expect(keptByRule(history, (BASE + 2 * 86400) * 1000)).toEqual(['z3'])
  })

  test('clocks a few minutes apart are honest', () => {
    const history = `@z1,1,1,${BASE} @z2,2,2,${BASE + 4 * 3600}`
    expect(keptByRule(history, (BASE + 4 * 3600 - 240) * 1000)).toEqual(['z2'])
    expect(keptByRule(history, (BASE + 4 * 3600 - 360) * 1000)).toEqual(['z1', 'z2'])
  })
})

describe('the grammar', () => {
  test.each([
    ['1x1h', [[3_600_000, 1]]],
    ['1x1h(keep=all)', [[3_600_000, 'all']]],
    [
      '2x1h',
      [
        [3_600_000, 1],
        [3_600_000, 1],
      ],
    ],
    [
      ' 1 x 30m ( keep=3 ) | 1x1d ',
      [
        [1_800_000, 3],
        [86_400_000, 1],
      ],
    ],
    ['1x1w', [[604_800_000, 1]]],
    ['1x90s', [[90_000, 1]]],
    [
      '1x1h(keep=all)|1x30m(keep=all)|1x10m',
      [
        [3_600_000, 'all'],
        [1_800_000, 'all'],
        [600_000, 1],
      ],
    ],
  ])('%s', (spec, expected) => {
    expect(parseGrid(spec).map(({lengthMs, keepCount}) => [lengthMs, keepCount])).toEqual(expected)
  })

  test.each([
    ['', 'it should look like'],
    ['x', 'it should look like'],
    ['1h', 'it should look like'],
    ['1x1h|', 'it should look like'],
    ['1x1h||1x1h', 'it should look like'],
    ['-1x1h', 'it should look like'],
    ['0x1h', 'number of times must be positive'],
    ['24x0h', 'length must be positive'],
    ['24x0', 'length must be positive'],
    ['1x-1h', 'length must be positive'],
    ['1x1.5h', 'bad duration'],
    ['1x1h30m', 'bad duration'],
    ['1x1y', 'bad duration'],
    ['1x10', 'the unit is missing'],
    ['1x1h(keep=0)', 'keep is a positive number or all'],
    ['1x1h(keep=-1)', 'keep is a positive number or all'],
    ['1x1h(keep=)', 'keep is a positive number or all'],
    ['1x1h(keep=ALL)', 'keep is a positive number or all'],
    ['1x1h()', 'keep is a positive number or all'],
    ['1x1h(foo=1)', 'keep is a positive number or all'],
    ['24x1h | 1x30m', 'monotonically increasing'],
    ['1x1h(keep=all)|1x1h|1x30m(keep=all)', 'monotonically increasing'],
    ['1x1h(keep=2)|1x30m', 'monotonically increasing'],
    ['99999999x1h', 'at most 100000 intervals'],
    [`${'9'.repeat(400)}x1h`, 'at most 100000 intervals'],
  ])('%s: %s', (spec, message) => {
    expect(() => parseGrid(spec)).toThrow(message)
  })

  test('the message names the interval', () => {
    expect(() => parseGrid('1x1h | 24x0h')).toThrow("bad grid interval '24x0h'")
  })
})

function candidate(snapshot: ReturnType<typeof snapshots>[number]) {
  return {snapshot, replicated: false, atCursor: false}
}
