import {expect, test} from 'vitest'
import {destroyJudged} from '../../../src/lib/endpoint/destroy.ts'
import {NO_FLOOR} from '../../../src/lib/endpoint/floor.ts'
import {createKnownPool} from '../../../src/lib/endpoint/pool.ts'
import type {RetentionFloor} from '../../../src/lib/plan/policy.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {row, type Step, scripted, testContext} from '../zfs-client/scripted-program.ts'

const INSIDE = parseDatasetName('in/a')
const OUTSIDE = parseDatasetName('out/a')
const LIST = 'list -Hp -t snapshot,bookmark -o name,guid,createtxg,creation,userrefs,clones -s createtxg'
const PROGRAM = 'program -j -t 10000000 -m 10485760 vault -'
const ALL_ROWS = `${row('vault/a@1', 1)}${row('vault/a@2', 2)}${row('vault/a@3', 3)}`

/** Asks for `in/a@1` and `in/a@2`, and one of a filesystem that is not the client's, from the side that calls it `vault/a`. */
async function destroy(floor: RetentionFloor, steps: readonly Step[]) {
  const program = scripted(steps)
  const zfs = createZfsCliClient(program.run)
  const snapshots = [1, 2].map((number) => ({name: String(number), guid: parseGuid(`9${number}`)}))
  const replies = await destroyJudged(
    testContext(),
    zfs,
    createKnownPool(zfs),
    [
      {filesystem: INSIDE, snapshots},
      {filesystem: OUTSIDE, snapshots: snapshots.slice(0, 1)},
    ],
    floor,
    (filesystem) => (filesystem === INSIDE ? parseDatasetName('vault/a') : undefined),
  )
  program.done()
  return replies.map(({filesystem, outcomes}) => [
    filesystem,
    ...outcomes.map((outcome) => (outcome.kind === 'done' ? 'done' : outcome.failure.message)),
  ])
}

const NOBODY_ELSES = [OUTSIDE, 'not permitted or does not exist']

test('without a floor nothing is listed: the program looks itself', async () => {
  const done = '{"return":{"vault/a@1":0,"vault/a@2":0}}'
  expect(await destroy(NO_FLOOR, [[`${PROGRAM} vault/a@1 g91 vault/a@2 g92`, done]])).toEqual([
    [INSIDE, 'done', 'done'],
    NOBODY_ELSES,
  ])
})

test('what the floor holds by a fresh listing is refused, and not even named', async () => {
  const steps: readonly Step[] = [
    [`${LIST} -d 1 -r vault/a`, ALL_ROWS],
    [`${PROGRAM} vault/a@1 g91`, '{"return":{"vault/a@1":0}}'],
  ]
  expect(await destroy({minAgeMs: 0, minCount: 2}, steps)).toEqual([
    [INSIDE, 'done', 'refused by the retention floor of the other side: one of the newest 2'],
    NOBODY_ELSES,
  ])
})

test('when it holds all, nothing is destroyed', async () => {
  const why = 'refused by the retention floor of the other side: not 1h old yet'
  expect(await destroy({minAgeMs: 3_600_000, minCount: 0}, [[`${LIST} -d 1 -r vault/a`, ALL_ROWS]])).toEqual([
    [INSIDE, why, why],
    NOBODY_ELSES,
  ])
})
