import {describe, expect, test} from 'vitest'
import {
  listDatasetsCommand,
  listHoldsCommand,
  listNamedCommand,
  listVersionsCommand,
} from '../../../src/lib/zfs/argv.ts'
import {parseDatasetName, parseHoldTag, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import type {ListingMemory, News} from '../../../src/lib/zfs-client/listing-memory.ts'
import {noting} from '../../../src/lib/zfs-client/noting.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {dataset, fails, row, type Step, scripted, testContext} from './scripted-program.ts'

const QUERY = {roots: [parseDatasetName('p/a')], recursive: true}
const A1 = parseSnapshotName('p/a@1')
const A2 = parseSnapshotName('p/a@2')
const TAG = parseHoldTag('zrepl_STEP_J_x')
const ctx = testContext()

/** A client that answers so, and what it has noted. */
function noted(steps: readonly Step[], lost?: string) {
  const news: News[] = []
  const memory: ListingMemory = {
    readClocks: () => ({wallMs: 7_900, upMs: 0}),
    recall: () => undefined,
    keep: () => {},
    note: (one) => {
      news.push(one)
      return lost
    },
  }
  const {run, done} = scripted(steps)
  const counted = () =>
    news.map((one) => (one.kind === 'counted' ? Object.fromEntries(one.userrefs) : one.kind))
  return {client: noting(createZfsCliClient(run), memory), counted, done}
}

const listing: readonly Step[] = [
  [listDatasetsCommand(QUERY), dataset('p/a')],
  [listVersionsCommand(QUERY), row('p/a@1', 1).replace(/\t0\t-\n$/, '\t2\t-\n') + row('p/a@2', 2)],
]

describe('holds', () => {
  test('are counted from what was listed: before one is set, and after one was released', async () => {
    const {client, counted, done} = noted([...listing, [`hold ${TAG} p/a@2`], [`release ${TAG} p/a@1 p/a@2`]])
    await client.list(ctx, QUERY)
    await client.hold(ctx, [{snapshot: A2, tag: TAG}])
    expect(counted()).toEqual([{[A2]: 1}])
    await client.release(ctx, [
      {snapshot: A1, tag: TAG},
      {snapshot: A2, tag: TAG},
    ])
    expect(counted().slice(1)).toEqual([{[A1]: 1, [A2]: 0}])
    done()
  })

  test('that are asked for are as many as ZFS says, which is noted where it is news', async () => {
    const tags = `p/a@1\t${TAG}\tTue Nov 14 22:13 2023\n`
    const {client, counted} = noted([
      ...listing,
      [listHoldsCommand([A1]), tags],
      [listHoldsCommand([A1]), tags],
    ])
    await client.list(ctx, QUERY)
    await client.holds(ctx, [A1])
    await client.holds(ctx, [A1])
    expect(counted()).toEqual([{[A1]: 1}])
  })

  test('of a number that this process does not know are not guessed', async () => {
    const {client, counted} = noted([[`release ${TAG} p/a@1`]])
    await client.release(ctx, [{snapshot: A1, tag: TAG}])
    expect(counted()).toEqual([])
  })

  test('of others stay in the number of a process that has listed nothing', async () => {
    const tags = ['mine', TAG].map((tag) => `p/a@1\t${tag}\tTue Nov 14 22:13 2023\n`).join('')
    const {client, counted} = noted([[listHoldsCommand([A1]), tags], [`release ${TAG} p/a@1`]])
    await client.holds(ctx, [A1])
    await client.release(ctx, [{snapshot: A1, tag: TAG}])
    expect(counted().at(-1)).toEqual({[A1]: 1})
  })
})

describe('snapshots', () => {
  test('that are destroyed, and datasets that get another name, prove nothing any more', async () => {
    const {client, counted} = noted([['rename p/a p/b']])
    await client.rename(ctx, parseDatasetName('p/a'), parseDatasetName('p/b'))
    expect(counted()).toEqual(['changed', 'changed'])
  })

  test('that were looked at but not received by this process are no news', async () => {
    const {client, counted} = noted([
      ...listing,
      [listNamedCommand([A1, A2]), fails("cannot open 'p/a@2': dataset does not exist", row('p/a@1', 1))],
    ])
    await client.list(ctx, QUERY)
    expect([...(await client.snapshots(ctx, [A1, A2])).keys()]).toEqual([A1])
    expect(counted()).toEqual([])
  })
})

test('memory that is lost stops nothing, and is told once', async () => {
  const {client, done} = noted([[`hold ${TAG} p/a@2`], ['rename p/a p/b']], "cannot add to 'x': EROFS")
  const told = testContext()
  expect(await client.hold(told, [{snapshot: A2, tag: TAG}])).toEqual([{kind: 'done'}])
  expect(await client.rename(told, parseDatasetName('p/a'), parseDatasetName('p/b'))).toEqual({kind: 'done'})
  expect(told.told.filter(({level}) => level === 'warn')).toEqual([
    {level: 'warn', message: 'what was listed is forgotten', fields: {because: "cannot add to 'x': EROFS"}},
  ])
  done()
})
