import {expect, test} from 'vitest'
import {Bug} from '../../../src/lib/core/assert.ts'
import {ARGUMENT_LIMITS, COMMA_LIST_LIMITS, chunkByBytes} from '../../../src/lib/zfs/chunk-by-bytes.ts'

const lengthOf = (text: string) => text.length

test.each<[readonly string[], number, number, readonly (readonly string[])[]]>([
  [[], 10, 10, []],
  [['a'], 10, 10, [['a']]],
  [['a', 'b', 'c'], 10, 2, [['a', 'b'], ['c']]],
  [['aaaa', 'bbbb', 'c'], 10, 10, [['aaaa', 'bbbb'], ['c']]],
  [['aaaa', 'bbbbb', 'c'], 10, 10, [['aaaa'], ['bbbbb', 'c']]],
  [['a', 'b'], 2, 10, [['a'], ['b']]],
])('%j in %i bytes and %i items', (items, maxBytes, maxItems, chunks) => {
  expect(chunkByBytes(items, {maxBytes, maxItems}, lengthOf)).toEqual(chunks)
})

test('an item that does not fit is a bug', () => {
  expect(() => chunkByBytes(['abc'], {maxBytes: 3, maxItems: 10}, lengthOf)).toThrow(Bug)
})

test('ten thousand long names: nothing lost, in order, within all limits', () => {
  const names = Array.from({length: 10_000}, (_, index) => `${index}`.padStart(250, 'x'))
  for (const limits of [ARGUMENT_LIMITS, COMMA_LIST_LIMITS]) {
    const chunks = chunkByBytes(names, limits, lengthOf)
    expect(chunks.flat()).toEqual(names)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(512)
    expect(Math.max(...chunks.map((chunk) => chunk.join(',').length))).toBeLessThan(limits.maxBytes)
  }
  expect(COMMA_LIST_LIMITS.maxBytes).toBe(65_536)
  expect(ARGUMENT_LIMITS.maxBytes).toBeLessThanOrEqual(131_072)
})
