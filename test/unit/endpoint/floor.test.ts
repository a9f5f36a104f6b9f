import {expect, test} from 'vitest'
import {heldByFloor} from '../../../src/lib/endpoint/floor.ts'
import {snapshots} from '../../versions.ts'

const DAY = 24 * 3600
const NOW = 100 * DAY * 1000

function held(history: string, minAgeDays: number, minCount: number): readonly string[] {
  const list = snapshots(history)
  const floor = heldByFloor(list, {minAgeMs: minAgeDays * DAY * 1000, minCount}, NOW)
  return list.flatMap(({name, guid}) => (floor.has(guid) ? [`${name}: ${floor.get(guid)}`] : []))
}

const AGES = `@old,1,1,${10 * DAY} @mid,2,2,${80 * DAY} @new,3,3,${99 * DAY}`

test.each<[string, number, number, readonly string[]]>([
  ['nothing by default', 0, 0, []],
  ['the young', 30, 0, ['mid: not 30d old yet', 'new: not 30d old yet']],
  ['the newest', 0, 2, ['mid: one of the newest 2', 'new: one of the newest 2']],
  ['either', 5, 1, ['new: one of the newest 1']],
  [
    'all when there are fewer',
    0,
    9,
    ['old: one of the newest 9', 'mid: one of the newest 9', 'new: one of the newest 9'],
  ],
])('%s', (_, minAge, minCount, expected) => {
  expect(held(AGES, minAge, minCount)).toEqual(expected)
})

test('the newest are those of the last transactions, whatever their dates say', () => {
  expect(held(`@a,1,9,${1 * DAY} @b,2,1,${99 * DAY}`, 0, 1)).toEqual(['a: one of the newest 1'])
})

test('exactly old enough is old enough, and the future is young', () => {
  expect(held(`@a,1,1,${70 * DAY} @b,2,2,${70 * DAY + 1} @c,3,3,${500 * DAY}`, 30, 0)).toEqual([
    'b: not 30d old yet',
    'c: not 30d old yet',
  ])
})
