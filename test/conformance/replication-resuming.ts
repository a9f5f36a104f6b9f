import {strict as assert} from 'node:assert'
import type {Case} from './case.ts'
import {PROTECTION, received} from './jobs.ts'
import {replicate} from './replicate.ts'
import type {World} from './world.ts'

const PIECE = 400 * 1024

/** A full stream of 1 MiB in three pieces; it converges, and what is in flight is protected as asked. */
async function resumes(world: World, replication: string, isHeld: boolean): Promise<void> {
  const {sh} = world
  await sh(
    'zfs create -p $ROOT/dst; zfs create -p -o mountpoint=$DIR/src $ROOT/src; dd if=/dev/urandom of=$DIR/src/file bs=1M count=1 status=none; zfs snapshot $ROOT/src@1',
  )
  const original = await world.snapshot('src', '1')
  let interrupted = 0
  for (let state: string | undefined; state !== 'done'; ) {
    assert(interrupted < 10, 'it does not converge')
    const report = (await replicate(world, {replication}, {cutAfter: PIECE})).get('src')
    state = report?.state
    if (state === 'done') break
    interrupted += 1
    assert.equal(report?.steps[0]?.resumed ?? false, interrupted > 1)
    const destroyed = await sh('zfs destroy -n $ROOT/src@1 2>&1 && zfs holds -H $ROOT/src@1')
    assert.equal(destroyed.includes('zrepl_STEP_J_push'), isHeld)
  }
  assert(interrupted >= 2, `interrupted ${interrupted} times`)
  assert.equal((await world.snapshot(received('src'), '1')).guid, original.guid)
}

export const RESUMING: readonly Case[] = [
  {
    name: 'ReplicationIsResumableFullSend__both_GuaranteeResumability',
    run: (world) => resumes(world, PROTECTION('guarantee_resumability'), true),
  },
  {
    name: 'ReplicationIsResumableFullSend__initial_GuaranteeIncrementalReplication_incremental_GuaranteeIncrementalReplication',
    run: (world) => resumes(world, PROTECTION('guarantee_incremental'), false),
  },
  {
    name: 'ReplicationIsResumableFullSend__initial_GuaranteeResumability_incremental_GuaranteeIncrementalReplication',
    run: (world) => resumes(world, PROTECTION('guarantee_resumability', 'guarantee_incremental'), true),
  },
]
