import {strict as assert} from 'node:assert'
import {parseJobId} from '../../src/lib/abstraction/job-id.ts'
import {cursorName, tentativeCursorName} from '../../src/lib/abstraction/replication-cursor.ts'
import {formatGuidHex} from '../../src/lib/zfs/name.ts'
import {isBookmark, isSnapshot, nameOfSnapshot} from '../../src/lib/zfs/version.ts'
import type {Case} from './case.ts'
import {PROTECTION, received} from './jobs.ts'
import {replicate} from './replicate.ts'
import type {World} from './world.ts'

const JOB = parseJobId('push')
const RESUMABILITY = PROTECTION('guarantee_resumability')
const INCREMENTAL = PROTECTION('guarantee_incremental')

/** `snapshot tag` of every hold. */
async function holdsOf(world: World, path: string): Promise<readonly string[]> {
  const snapshots = (await world.versions(path)).filter(isSnapshot)
  const tags = await world.zfs.holds(world.ctx, snapshots.map(nameOfSnapshot))
  return snapshots.flatMap((snapshot) =>
    (tags.get(nameOfSnapshot(snapshot)) ?? []).toSorted().map((tag) => `${snapshot.name} ${tag}`),
  )
}

const bookmarksOf = async (world: World, path: string) =>
  (await world.versions(path)).filter(isBookmark).map(({name}) => name)

async function createSource({sh}: World, ...snapshots: readonly string[]): Promise<void> {
  await sh(
    `zfs create -p $ROOT/dst; zfs create -p $ROOT/src; for s in ${snapshots.join(' ')}; do zfs snapshot $ROOT/src@$s; done`,
  )
}

/** After a run that leaves things of this and of another job, the next one removes exactly what is this job's. */
async function cleansUp(world: World): Promise<void> {
  await createSource(world, '1', '2')
  const first = await world.snapshot('src', '1')
  const second = await world.snapshot('src', '2')
  await replicate(world)
  const other = parseJobId('other')
  const stepBookmark = `zrepl_STEP_G_${formatGuidHex(first.guid)}_J_push`
  await world.sh(`zfs hold zrepl_STEP_J_push $ROOT/src@1; zfs hold zrepl_STEP_J_push $ROOT/src@2
zfs hold zrepl_STEP_J_other $ROOT/src@1
for b in ${tentativeCursorName(first.guid, JOB)} ${cursorName(first.guid, JOB)} ${cursorName(first.guid, other)} \
  ${tentativeCursorName(first.guid, other)} zrepl_replication_cursor ${stepBookmark}; do zfs bookmark $ROOT/src@1 $ROOT/src#$b; done
zfs hold zrepl_last_received_J_other '${world.fs(received('src'))}@2'
zfs snapshot $ROOT/src@3`)
  const reports = await replicate(world)
  assert.equal(reports.get('src')?.state, 'done')
  const third = await world.snapshot('src', '3')
  assert.deepEqual(await holdsOf(world, 'src'), ['1 zrepl_STEP_J_other'])
  assert.deepEqual(
    (await bookmarksOf(world, 'src')).toSorted(),
    [
      cursorName(first.guid, other),
      tentativeCursorName(first.guid, other),
      'zrepl_replication_cursor',
      stepBookmark,
      cursorName(third.guid, JOB),
    ].toSorted(),
  )
  assert.deepEqual(await holdsOf(world, received('src')), [
    '2 zrepl_last_received_J_other',
    '3 zrepl_last_received_J_sink',
  ])
  assert(second.createtxg < third.createtxg)
}

/** The receiver has the snapshot, the sender was never told. */
async function completionLost(world: World, replication: string): Promise<void> {
  await createSource(world, '2')
  await replicate(world, {replication})
  await world.sh('zfs snapshot $ROOT/src@3')
  const lost = await replicate(world, {replication}, {loseCompletion: true})
  assert.match(lost.get('src')?.error?.message ?? '', /the confirmation was lost/)
  const [second, third] = [await world.snapshot('src', '2'), await world.snapshot('src', '3')]
  assert.equal((await world.snapshot(received('src'), '3')).guid, third.guid)
  assert.deepEqual(await holdsOf(world, received('src')), ['3 zrepl_last_received_J_sink'])

  const byHold = replication === RESUMABILITY
  const tentative = [tentativeCursorName(second.guid, JOB), tentativeCursorName(third.guid, JOB)]
  assert.deepEqual(await holdsOf(world, 'src'), byHold ? ['2 zrepl_STEP_J_push', '3 zrepl_STEP_J_push'] : [])
  assert.deepEqual(
    (await bookmarksOf(world, 'src')).toSorted(),
    [cursorName(second.guid, JOB), ...(byHold ? [] : tentative)].toSorted(),
  )
  if (byHold) await assert.rejects(world.sh('zfs destroy $ROOT/src@3'), /busy|held|holds/)
  else await world.sh('zfs destroy $ROOT/src@3')

  await world.sh('zfs snapshot $ROOT/src@4')
  const reports = await replicate(world, {replication})
  assert.equal(reports.get('src')?.state, 'done')
  assert.deepEqual(await bookmarksOf(world, 'src'), [
    cursorName((await world.snapshot('src', '4')).guid, JOB),
  ])
  assert.deepEqual(await holdsOf(world, 'src'), [])
}

export const LEFTOVERS: readonly Case[] = [
  {
    name: 'ReplicationIncrementalCleansUpStaleAbstractionsWithCacheOnSecondReplication',
    notHere: 'a run is one process and knows nothing of an earlier one: there is no cache to be stale',
  },
  {name: 'ReplicationIncrementalCleansUpStaleAbstractionsWithoutCacheOnSecondReplication', run: cleansUp},
  {
    name: 'ReplicationIncrementalDestroysStepHoldsIffIncrementalStepHoldsAreDisabledButStepHoldsExist',
    async run(world) {
      await createSource(world, '2')
      await replicate(world)
      await world.sh('zfs snapshot $ROOT/src@3')
      await replicate(world, {replication: RESUMABILITY}, {loseCompletion: true})
      assert.deepEqual(await holdsOf(world, 'src'), ['2 zrepl_STEP_J_push', '3 zrepl_STEP_J_push'])
      await world.sh('zfs snapshot $ROOT/src@4')
      await replicate(world, {replication: PROTECTION('guarantee_resumability', 'guarantee_incremental')})
      assert.deepEqual(await holdsOf(world, 'src'), [])
    },
  },
  {
    name: 'ReplicationIncrementalHandlesFromVersionEqTentativeCursorCorrectly',
    async run(world) {
      await createSource(world, '1')
      await replicate(world, {replication: INCREMENTAL}, {loseCompletion: true})
      const first = await world.snapshot('src', '1')
      const tentative = tentativeCursorName(first.guid, JOB)
      assert.deepEqual(await bookmarksOf(world, 'src'), [tentative])
      await world.sh('zfs destroy $ROOT/src@1; zfs snapshot $ROOT/src@2')
      const cut = await replicate(world, {replication: INCREMENTAL}, {loseCompletion: true})
      assert.equal(cut.get('src')?.steps[0]?.from, `#${tentative}`)
      assert((await bookmarksOf(world, 'src')).includes(tentative), 'it survives until the step is confirmed')
      const reports = await replicate(world, {replication: INCREMENTAL})
      assert.equal(reports.get('src')?.state, 'up-to-date')
      const second = await world.snapshot('src', '2')
      assert.deepEqual(await bookmarksOf(world, 'src'), [cursorName(second.guid, JOB)])
    },
  },
  {
    name: 'ReplicationStepCompletedLostBehavior__GuaranteeIncrementalReplication',
    run: (world) => completionLost(world, INCREMENTAL),
  },
  {
    name: 'ReplicationStepCompletedLostBehavior__GuaranteeResumability',
    run: (world) => completionLost(world, RESUMABILITY),
  },
]
