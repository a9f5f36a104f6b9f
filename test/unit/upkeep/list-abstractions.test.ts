import {describe, expect, test} from 'vitest'
import {formatAbstraction} from '../../../src/lib/abstraction/abstraction.ts'
import {listAbstractions} from '../../../src/lib/upkeep/list-abstractions.ts'
import {parseQuery, type QueryWords} from '../../../src/lib/upkeep/query.ts'
import {listDatasetsCommand, listHoldsCommand, listVersionsCommand} from '../../../src/lib/zfs/argv.ts'
import {parseDatasetName, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {dataset, fails, row, type Step, scripted, testContext} from '../zfs-client/scripted-program.ts'

const CURSOR = 'zrepl_CURSOR_G_000000000000005c_J_a'

const DATASETS = dataset('p') + dataset('p/a') + dataset('p/b')
const VERSIONS = [
  row('p/a@1', 1, 3),
  row(`p/a#${CURSOR}`, 2),
  row('p/a#mine', 2),
  row('p/a@2', 2),
  row('p/b@3', 3, 1),
].join('')
const HOLDS = [
  'p/a@1\tkeep\tnow\n',
  'p/a@1\tzrepl_STEP_J_a\tnow\n',
  'p/a@1\tzrepl_last_received_J_b\tnow\n',
  'p/b@3\tzrepl_STEP_J_b\tnow\n',
].join('')

async function list(words: QueryWords, steps: readonly Step[]) {
  const {run, done} = scripted(steps)
  const {abstractions, missing} = await listAbstractions(
    testContext(),
    createZfsCliClient(run),
    parseQuery(words),
  )
  done()
  return {ours: abstractions.map(formatAbstraction), missing}
}

const everywhere = {roots: [], recursive: true}
const STEP_A = 'step-hold "zrepl_STEP_J_a" on p/a@1'
const STEP_B = 'step-hold "zrepl_STEP_J_b" on p/b@3'
const LAST_B = 'last-received-hold "zrepl_last_received_J_b" on p/a@1'
const CURSOR_A = `replication-cursor-bookmark-v2 p/a#${CURSOR}`

describe('three commands for the whole host', () => {
  const steps: readonly Step[] = [
    [listDatasetsCommand(everywhere), DATASETS],
    [listVersionsCommand(everywhere), VERSIONS],
    [listHoldsCommand(['p/a@1', 'p/b@3'].map(parseSnapshotName)), HOLDS],
  ]
  test.each<[QueryWords, string[]]>([
    [{}, [STEP_A, LAST_B, CURSOR_A, STEP_B]],
    [{job: 'a'}, [STEP_A, CURSOR_A]],
    [{job: 'gone'}, []],
    [{types: ['step-hold']}, [STEP_A, STEP_B]],
  ])('%j', async (words, expected) => expect((await list(words, steps)).ours).toEqual(expected))
})

test('holds are not asked for when no hold is', async () => {
  const {ours} = await list({types: ['replication-cursor-bookmark-v2']}, [
    [listDatasetsCommand(everywhere), DATASETS],
    [listVersionsCommand(everywhere), VERSIONS],
  ])
  expect(ours).toEqual([CURSOR_A])
})

test('datasets asked for by name are listed alone, and told of when they are missing', async () => {
  const roots = ['p/b', 'p/gone'].map(parseDatasetName)
  const gone = "cannot open 'p/gone': dataset does not exist"
  const {ours, missing} = await list({filesystems: ['p/b', 'p/gone']}, [
    [listDatasetsCommand({roots, recursive: false}), fails(gone, dataset('p/b'))],
    [listVersionsCommand({roots, recursive: false}), fails(gone, row('p/b@3', 3, 1))],
    [listHoldsCommand([parseSnapshotName('p/b@3')]), 'p/b@3\tzrepl_STEP_J_b\tnow\n'],
  ])
  expect({ours, missing}).toEqual({ours: [STEP_B], missing: ['p/gone']})
})

test('what lies below is left out where the filter says so', async () => {
  const query = {roots: [parseDatasetName('p')], recursive: true}
  const {ours} = await list({fs: 'p<:ok,p/a:!', types: ['step-hold']}, [
    [listDatasetsCommand(query), DATASETS],
    [listVersionsCommand(query), VERSIONS],
    [listHoldsCommand([parseSnapshotName('p/b@3')]), 'p/b@3\tzrepl_STEP_J_b\tnow\n'],
  ])
  expect(ours).toEqual([STEP_B])
})
