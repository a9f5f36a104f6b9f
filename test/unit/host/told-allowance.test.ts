import {expect, test} from 'vitest'
import {createToldAllowance} from '../../../src/lib/host/told-allowance.ts'

test('a peer may write much at once, and then so much a second', () => {
  let now = 0
  const allowance = createToldAllowance({monotonic: () => now})
  const mib = new Uint8Array(1024 * 1024)
  const takes = (count: number) => Array.from({length: count}, () => allowance.take(mib))
  expect(takes(33)).toEqual([...Array(32).fill(true), false])
  now = 2000
  // One was taken on credit.
  expect(takes(4)).toEqual([true, true, true, false])
  now = 1_000_000
  expect(takes(33)).toEqual([...Array(32).fill(true), false])
})

test('lines count for more than their bytes', () => {
  const allowance = createToldAllowance({monotonic: () => 0})
  const lines = Buffer.from('{}\n'.repeat(1000))
  let thousands = 0
  while (allowance.take(lines)) thousands += 1
  expect(thousands).toBe(Math.floor((32 * 1024 * 1024) / (1000 * (3 + 256))))
})
