import {expect, test} from 'vitest'
import {findClockJump} from '../../../src/lib/prune/clock-jump.ts'
import {snapshots} from '../../versions.ts'

const DAY = 86_400

/** Days at which snapshots were taken; txgs follow the order given. */
function taken(...days: readonly number[]): string {
  return days.map((day, index) => `@s${index},${index + 1},${index + 1},${Math.round(day * DAY)}`).join(' ')
}

function days(count: number, from: number, step: number): readonly number[] {
  return Array.from({length: count}, (_, index) => from + index * step)
}

const jump = (...list: readonly number[]) => {
  const found = findClockJump(snapshots(taken(...list)), 6000 * DAY * 1000)
  return found === undefined ? undefined : found / DAY / 1000
}

test.each<[string, readonly number[], number | undefined]>([
  ['none of two', [1, 1000], undefined],
  ['years later', [...days(30, 100, 1), 5000, 5001], 5000],
  ['a holiday', [...days(30, 100, 1), 180], undefined],
  ['a snapshot from the future', [...days(30, 100, 1), 9000], undefined],
  ['a machine that was off for long', [...days(30, 100, 1), 300], 300],
  ['snapshots that are always rare', days(10, 100, 90), undefined],
  ['a history that was thinned out: the gaps are old', [0, 365, 730, ...days(40, 1000, 1)], undefined],
  ['so many since that somebody has seen it', [...days(30, 100, 1), ...days(30, 5000, 1)], undefined],
])('%s', (_, list, expected) => {
  expect(jump(...list)).toBe(expected)
})
