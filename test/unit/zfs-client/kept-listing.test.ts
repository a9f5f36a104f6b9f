import {describe, expect, test} from 'vitest'
import {parseCreatetxg, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {
  formatForgotten,
  formatKeptListing,
  parseKeptListing,
} from '../../../src/lib/zfs-client/kept-listing.ts'
import type {KeptListing} from '../../../src/lib/zfs-client/listing-memory.ts'

const [a, b] = [parseDatasetName('p/a b'), parseDatasetName('p/b')]
const state = {
  guid: parseGuid('18446744073709551615'),
  createtxg: parseCreatetxg('9007199254740993'),
  origin: 'p/o@1',
  changedSeconds: 1_700_000_000,
}
const LISTING: KeptListing = {
  aheadMs: 1_700_000_000_123,
  loadGuids: new Map([['p', parseGuid('9007199254740993')]]),
  datasets: new Map([
    [
      a,
      {
        state,
        listedMs: 1_700_000_100_000,
        snapshots: [
          {
            kind: 'snapshot',
            filesystem: a,
            name: ' x ',
            guid: parseGuid('18446744073709551614'),
            createtxg: parseCreatetxg('18446744073709551615'),
            creation: -1,
            userrefs: 2,
          },
        ],
      },
    ],
    [b, {state: {...state, origin: '-', changedSeconds: 0}, listedMs: 1, snapshots: []}],
  ]),
}
const TEXT = formatKeptListing(LISTING)

test('a kept listing is read as it was', () => {
  expect(parseKeptListing(TEXT)).toEqual(LISTING)
})

test('what was forgotten since is not in it', () => {
  const parsed = parseKeptListing(
    TEXT + formatForgotten([a]) + formatForgotten([a, parseDatasetName('p/other')]),
  )
  expect(Array.from(parsed?.datasets.keys() ?? [])).toEqual([b])
})

describe('anything else is nothing:', () => {
  test('a text that ends early, wherever', () => {
    for (let length = 0; length < TEXT.length; length += 1)
      expect(parseKeptListing(TEXT.slice(0, length)), `${length} characters`).toBeUndefined()
  })

  test('a line for what is forgotten that was not written to its end', () => {
    const line = formatForgotten([a])
    for (let length = 1; length < line.length; length += 1)
      expect(parseKeptListing(TEXT + line.slice(0, length)), `${length} characters`).toBeUndefined()
  })

  test.each([
    ['another form', TEXT.replace('"form":1', '"form":2')],
    ['no clock', TEXT.replace('1700000000123', 'null')],
    ['a guid that is a number', TEXT.replace('"18446744073709551614"', '18446744073709551614')],
    ['a name with another meaning', TEXT.replace('" x "', '"x@y"')],
    ['a dataset outside of names', TEXT.replace('"p/a b"', '"-p/a"')],
    ['a date that is none', TEXT.replace(',-1,2]', ',"-1",2]')],
    ['a line of something else', TEXT.replace('"end"', '{}\n"end"')],
    ['zeros', '\0'.repeat(4096)],
  ])('%s', (_, text) => {
    expect(text).not.toBe(TEXT)
    expect(parseKeptListing(text)).toBeUndefined()
  })
})
