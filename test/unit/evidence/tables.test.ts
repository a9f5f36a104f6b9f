import {expect, test} from 'vitest'
import {readFaults} from '../../evidence/faults.ts'
import {readInvariants} from '../../evidence/invariants.ts'
import {isThere} from '../../evidence/threats.ts'

test('each invariant has a judge, and something that has been seen to break it', () => {
  const numbers = Array.from({length: 17}, (_, index) => `I${index + 1}`)
  expect(readInvariants().map(({id}) => id)).toEqual(['I1', 'I1b', 'I1c', ...numbers.slice(1)])
  for (const {id, judged, fails} of readInvariants()) {
    expect([id, judged.length > 0, fails.length > 0]).toEqual([id, true, true])
    expect([id, [...judged, ...fails].filter((one) => !isThere(one))]).toEqual([id, []])
  }
})

test('every test that is named for a fault is there', () => {
  expect(readFaults().map(({id}) => id)).toEqual(
    Array.from({length: 57}, (_, index) => `F${`${index + 1}`.padStart(2, '0')}`),
  )
  expect(
    readFaults().flatMap(({id, tests}) =>
      tests.filter((one) => !isThere(one)).map(({says}) => `${id}: ${says}`),
    ),
  ).toEqual([])
})
