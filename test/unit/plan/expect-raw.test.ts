import {expect, test} from 'vitest'
import {expectRaw} from '../../../src/lib/plan/expect-raw.ts'

test.each([
  [true, true, true],
  [true, false, false],
  [true, undefined, undefined],
  [false, true, undefined],
  [false, false, undefined],
  [false, undefined, undefined],
])('filesystem encrypted %s, send.encrypted %s: raw %s', (encrypted, send, expected) => {
  expect(expectRaw(send === undefined ? undefined : {encrypted: send}, {encrypted})).toBe(expected)
})
