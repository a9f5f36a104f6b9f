import {expect, test} from 'vitest'
import {TARGETS} from '../fuzz/targets.ts'
import {readRows, shortcomingOf} from './rows.ts'

const rows = readRows()
const ofParsers = rows.filter(({target}) => target !== 'executable')

test.each(ofParsers.map((row) => [row.id, row.target, row] as const))(
  '%s, as %s, is answered as required',
  async (_id, _target, row) => {
    expect(await shortcomingOf(row, TARGETS)).toBeUndefined()
  },
)

test('every row requires one thing, and there are no two of one name', () => {
  expect(rows.filter(({refused, accepted}) => (refused === undefined) === (accepted === undefined))).toEqual(
    [],
  )
  expect(new Set(rows.map(({id, target}) => `${id} ${target}`)).size).toBe(rows.length)
})
