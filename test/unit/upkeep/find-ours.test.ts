import {describe, expect, test} from 'vitest'
import {formatAbstraction} from '../../../src/lib/abstraction/abstraction.ts'
import {findOurs, parseNamedObject} from '../../../src/lib/upkeep/find-ours.ts'
import {listHoldsCommand, listVersionsCommand} from '../../../src/lib/zfs/argv.ts'
import {parseDatasetName, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {row, type Step, scripted, testContext} from '../zfs-client/scripted-program.ts'

const CURSOR = 'zrepl_CURSOR_G_000000000000005c_J_a'
const VERSIONS: Step = [
  listVersionsCommand({roots: [parseDatasetName('p/a')], recursive: false}),
  [
    row('p/a@1', 1, 3),
    row('p/a#mine', 1),
    row('p/a#zrepl_CURSOR_G_000000000000005d_J_a', 1),
    row(`p/a#${CURSOR}`, 2),
  ].join(''),
]
const HOLDS: Step = [
  listHoldsCommand([parseSnapshotName('p/a@1')]),
  'p/a@1\tkeep\tnow\np/a@1\tzrepl_STEP_J_a\tnow\np/a@1\tzrepl_last_received_J_b\tnow\n',
]

async function find(name: string, ...tags: readonly string[]): Promise<readonly string[]> {
  const {run} = scripted([VERSIONS, HOLDS])
  const found = await findOurs(testContext(), createZfsCliClient(run), parseNamedObject(name, tags))
  return found.map(formatAbstraction)
}

const STEP = 'step-hold "zrepl_STEP_J_a" on p/a@1'
const LAST = 'last-received-hold "zrepl_last_received_J_b" on p/a@1'

test('holds by tag, or all of ours, or a bookmark', async () => {
  expect(await find('p/a@1', 'zrepl_STEP_J_a')).toEqual([STEP])
  expect(await find('p/a@1')).toEqual([STEP, LAST])
  expect(await find(`p/a#${CURSOR}`)).toEqual([`replication-cursor-bookmark-v2 p/a#${CURSOR}`])
})

describe('refused', () => {
  test.each([
    ['a tag that is not ours', 'usage', ['p/a@1', 'zrepl_STEP_J_a', 'keep']],
    ['a bookmark that is not ours', 'usage', ['p/a#mine']],
    ['a bookmark with the guid of another', 'usage', ['p/a#zrepl_CURSOR_G_000000000000005d_J_a']],
    ['a bookmark with a tag', 'usage', [`p/a#${CURSOR}`, 'zrepl_STEP_J_a']],
    ['a dataset', 'usage', ['p/a']],
    ['a tag that no hold can have', 'usage', ['p/a@1', '']],
    ['a tag that is not there', 'version-gone', ['p/a@1', 'zrepl_STEP_J_b']],
    ['a snapshot that is not there', 'version-gone', ['p/a@2']],
    ['a bookmark that is not there', 'version-gone', ['p/a#gone']],
  ])('%s', async (_, code, [name = '', ...tags]) => {
    const finding = (async () => find(name, ...tags))()
    await expect(finding).rejects.toMatchObject({name: 'OperationalError', code})
  })
})
