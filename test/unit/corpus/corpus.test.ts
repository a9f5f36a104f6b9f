import {describe, expect, test} from 'vitest'
import {outcomeOf} from '../fuzz/target.ts'
import {TARGETS} from '../fuzz/targets.ts'
import {readRows, textOf} from './rows.ts'

const rows = readRows()

describe.each(rows.map((row) => [row.id, row.target, row] as const))('%s, as %s', (_id, name, row) => {
  test('is answered as required', async () => {
    const target = TARGETS.find((one) => one.name === name)
    if (target === undefined) throw new Error(`no parser is called ${name}`)
    const outcome = await outcomeOf(target, textOf(row))
    if (row.refused !== undefined)
      expect(outcome).toMatchObject({refused: expect.stringMatching(new RegExp(row.refused))})
    else expect(plain(outcome)).toMatchObject({answer: row.accepted})
  })
})

test('every row requires something, and there are no two of one name', () => {
  expect(rows.filter(({refused, accepted}) => (refused === undefined) === (accepted === undefined))).toEqual(
    [],
  )
  expect(new Set(rows.map(({id, target}) => `${id} ${target}`)).size).toBe(rows.length)
})

/** Maps as records, numbers too long for JSON as text: what a row can say. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, part) => {
    if (typeof part === 'bigint') return part.toString()
    return part instanceof Map ? Object.fromEntries(part) : part
  })
  return JSON.parse(text)
}
