import {describe, expect, test} from 'vitest'
import {parseCreatetxg, parseDatasetName, parseGuid, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import {formatKeptListing, formatNews, parseKeptListing} from '../../../src/lib/zfs-client/kept-listing.ts'
import type {KeptListing, KeptVersions, News} from '../../../src/lib/zfs-client/listing-memory.ts'

const [a, b] = [parseDatasetName('p/a b'), parseDatasetName('p/b')]
const state = {
  guid: parseGuid('18446744073709551615'),
  createtxg: parseCreatetxg('9007199254740993'),
  origin: 'p/o@1',
  changedSeconds: 1_700_000_000,
}
const HELD = {
  kind: 'snapshot' as const,
  filesystem: a,
  name: ' x ',
  guid: parseGuid('18446744073709551614'),
  createtxg: parseCreatetxg('9007199254740993'),
  creation: -1,
  userrefs: 2,
}
const CURSOR = {
  kind: 'bookmark' as const,
  filesystem: a,
  name: 'x',
  guid: HELD.guid,
  createtxg: HELD.createtxg,
  creation: -1,
}
const KEPT: KeptVersions = {
  state,
  sameUntilSeconds: state.changedSeconds,
  listedMs: 1_700_000_100_000,
  versions: [CURSOR, HELD],
}
const LISTING: KeptListing = {
  aheadMs: 1_700_000_000_123,
  loadGuids: new Map([['p', parseGuid('9007199254740993')]]),
  datasets: new Map([
    [a, KEPT],
    [b, {state: undefined, sameUntilSeconds: 0, listedMs: 1, versions: []}],
  ]),
}
const TEXT = formatKeptListing(LISTING)

test('a kept listing is read as it was', () => {
  expect(parseKeptListing(TEXT)).toEqual(LISTING)
})

describe('what was noted since is in it:', () => {
  const COME = {
    ...HELD,
    name: 'y',
    guid: parseGuid('7'),
    createtxg: parseCreatetxg('9007199254740994'),
    userrefs: 0,
  }
  const received = (before = state, aheadMs = LISTING.aheadMs): News => ({
    kind: 'received',
    dataset: a,
    before,
    untilSeconds: state.changedSeconds + 60,
    aheadMs,
    snapshots: [COME],
  })
  const kept = (...news: readonly News[]) =>
    parseKeptListing(TEXT + news.map(formatNews).join(''))?.datasets.get(a)

  test('numbers of holds, the last one of each', () => {
    const counted = (userrefs: number): News => ({
      kind: 'counted',
      userrefs: new Map([
        [parseSnapshotName('p/a b@ x '), userrefs],
        [parseSnapshotName('p/other@x'), 1],
      ]),
    })
    expect(kept(counted(1), counted(0))).toEqual({...KEPT, versions: [CURSOR, {...HELD, userrefs: 0}]})
  })

  test('what was received, and nothing is proven to have changed by it until then', () => {
    const seconds = state.changedSeconds + 60
    expect(kept(received())).toEqual({...KEPT, sameUntilSeconds: seconds, versions: [CURSOR, HELD, COME]})
    const later = {...state, changedSeconds: seconds}
    expect(kept(received(), received(later))?.sameUntilSeconds).toBe(seconds)
    expect(kept(received(state, LISTING.aheadMs + 10))?.sameUntilSeconds).toBe(seconds)
  })

  test.each([
    [
      'on another state than the one that is kept',
      received({...state, changedSeconds: state.changedSeconds + 1}),
    ],
    ['into another dataset of that name', received({...state, guid: parseGuid('1')})],
    ['by a clock that was an hour ahead by then', received(state, LISTING.aheadMs + 3_600_000)],
    ['by a clock that was a second behind', received(state, LISTING.aheadMs - 1000)],
  ])('what was received %s: it proves nothing', (_, news) => {
    expect(kept(news)).toEqual({
      ...KEPT,
      state: undefined,
      sameUntilSeconds: 0,
      versions: [CURSOR, HELD, COME],
    })
  })

  test('that something else has changed, whatever came before', () => {
    const changed: News = {kind: 'changed', dataset: a}
    const unproven = {...KEPT, state: undefined, sameUntilSeconds: 0}
    expect(kept(changed)).toEqual(unproven)
    expect(kept(changed, received())?.state).toBeUndefined()
  })
})

describe('anything else is nothing:', () => {
  test('a text that ends early, wherever', () => {
    for (let length = 0; length < TEXT.length; length += 1)
      expect(parseKeptListing(TEXT.slice(0, length)), `${length} characters`).toBeUndefined()
  })

  test('a line of news that was not written to its end', () => {
    const line = formatNews({kind: 'changed', dataset: a})
    for (let length = 1; length < line.length; length += 1)
      expect(parseKeptListing(TEXT + line.slice(0, length)), `${length} characters`).toBeUndefined()
  })

  test.each([
    ['another form', TEXT.replace('"form":3', '"form":2')],
    ['no clock', TEXT.replace('1700000000123', 'null')],
    ['a guid that is a number', TEXT.replace('"18446744073709551614"', '18446744073709551614')],
    ['a name with another meaning', TEXT.replace('" x "', '"x@y"')],
    ['a dataset outside of names', TEXT.replace('"p/a b"', '"-p/a"')],
    ['a date that is none', TEXT.replace(',-1,2]', ',"-1",2]')],
    ['a line of something else', TEXT.replace('"end"', '{}\n"end"')],
    ['news of something else', `${TEXT}{}\n`],
    ['a number of holds that is none', `${TEXT}{"counted":{"p/a b@x":"1"}}\n`],
    ['zeros', '\0'.repeat(4096)],
  ])('%s', (_, text) => {
    expect(text).not.toBe(TEXT)
    expect(parseKeptListing(text)).toBeUndefined()
  })
})
