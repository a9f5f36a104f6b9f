import {expect, test} from 'vitest'
import {createKnownPool} from '../../../src/lib/endpoint/pool.ts'
import {parseDatasetName, parseGuid, parseHoldTag, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import {isSnapshot, shortName, type Version} from '../../../src/lib/zfs/version.ts'
import type {RunProgram} from '../../../src/lib/zfs-client/run-program.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {deliver} from '../../deliver.ts'
import {createMachine} from '../../sim/machine/state.ts'
import {addDataset, addSnapshots, mustFindDataset, mustFindPool, nextTxg} from '../../sim/pool.ts'
import {runCommand} from '../../sim/zfs.ts'
import {testContext} from '../zfs-client/scripted-program.ts'

const FILESYSTEM = parseDatasetName('vault/data')
const ctx = testContext()

/** A pool that knows `@1`; somebody then takes `@2`. `asked` are the commands since. */
async function poolBesideOthers() {
  const host = createMachine('2.3.2')
  const dataset = addDataset(host, FILESYSTEM, 'filesystem')
  const take = (name: string) => addSnapshots(host, [dataset], name, nextTxg(mustFindPool(host, 'vault')))
  take('1')
  const asked: string[] = []
  const run: RunProgram = async (_, call) => {
    asked.push(call.argv.slice(call.argv.indexOf('createtxg') + 1).join(' '))
    const said = {signal: undefined, stderr: '', stderrCut: false}
    return deliver(call, {...said, ...runCommand(host, call.argv)})
  }
  const pool = createKnownPool(createZfsCliClient(run))
  await pool.relist(ctx, [FILESYSTEM])
  take('2')
  asked.length = 0
  const guidOf = (name: string) =>
    parseGuid(mustFindDataset(host, FILESYSTEM).snapshots.find((one) => one.name === name)?.guid ?? '')
  const known = () => pool.versions(FILESYSTEM).map(shortName)
  return {host, pool, asked, guidOf, known, take}
}

const withGuid =
  (guid: string) =>
  (version: Version): version is Extract<Version, {kind: 'snapshot'}> =>
    isSnapshot(version) && version.guid === guid

test('what is expected is looked at by its name, and nothing else is; once', async () => {
  const {pool, asked, guidOf, known} = await poolBesideOthers()
  pool.expect(parseSnapshotName('vault/data@2'))
  await pool.seek(ctx, [{filesystem: FILESYSTEM, guid: guidOf('2')}])
  await pool.seek(ctx, [{filesystem: FILESYSTEM, guid: guidOf('2')}])
  expect(await pool.find(ctx, FILESYSTEM, withGuid(guidOf('2')))).toMatchObject({name: '2'})
  expect(asked).toEqual(['vault/data@2'])
  expect(known()).toEqual(['@1', '@2'])
})

test('another snapshot of that name is not it: the filesystem is listed', async () => {
  const {pool, asked, known} = await poolBesideOthers()
  pool.expect(parseSnapshotName('vault/data@2'))
  await pool.seek(ctx, [{filesystem: FILESYSTEM, guid: parseGuid('77')}])
  expect(asked).toEqual(['vault/data@2', '-d 1 -r vault/data'])
  expect(pool.versions(FILESYSTEM).some(withGuid('77'))).toBe(false)
  expect(known()).toEqual(['@1', '@2'])
})

test('one that was renamed is found by listing its filesystem', async () => {
  const {host, pool, asked, guidOf, known} = await poolBesideOthers()
  const [first] = mustFindDataset(host, FILESYSTEM).snapshots
  const guid = guidOf('1')
  if (first !== undefined) first.name = 'renamed'
  await pool.seek(ctx, [{filesystem: FILESYSTEM, guid}])
  expect(asked).toEqual(['vault/data@1', '-d 1 -r vault/data'])
  expect(known()).toEqual(['@renamed', '@2'])
})

test('where nobody knows a name, the filesystem is listed', async () => {
  const {pool, asked, guidOf} = await poolBesideOthers()
  await pool.seek(ctx, [{filesystem: FILESYSTEM, guid: guidOf('2')}])
  expect(asked).toEqual(['-d 1 -r vault/data'])
})

test('our own holds are known also where somebody holds what has come', async () => {
  const {host, pool, guidOf, take} = await poolBesideOthers()
  await pool.holds(ctx, [FILESYSTEM])
  pool.expect(parseSnapshotName('vault/data@2'))
  await pool.seek(ctx, [{filesystem: FILESYSTEM, guid: guidOf('2')}])
  await pool.hold(ctx, [{snapshot: parseSnapshotName('vault/data@2'), tag: parseHoldTag('ours')}])
  take('3')
  runCommand(host, ['hold', 'theirs', 'vault/data@3'])
  pool.expect(parseSnapshotName('vault/data@3'))
  await pool.seek(ctx, [{filesystem: FILESYSTEM, guid: guidOf('3')}])
  expect((await pool.holds(ctx, [FILESYSTEM])).get(FILESYSTEM)).toEqual(
    new Map([
      ['2', ['ours']],
      ['3', ['theirs']],
    ]),
  )
})

test('who holds what was sought is asked again where somebody has held it since', async () => {
  const {host, pool, guidOf} = await poolBesideOthers()
  expect((await pool.holds(ctx, [FILESYSTEM])).get(FILESYSTEM)).toEqual(new Map())
  runCommand(host, ['hold', 'theirs', 'vault/data@1'])
  await pool.seek(ctx, [{filesystem: FILESYSTEM, guid: guidOf('1')}])
  expect((await pool.holds(ctx, [FILESYSTEM])).get(FILESYSTEM)).toEqual(new Map([['1', ['theirs']]]))
})
