import {expect, test} from 'vitest'
import {mustFindDataset, type Pool} from './pool.ts'
import {run} from './run.ts'
import {lastCommon, pairsOf} from './view.ts'
import {createWorld, passAnHour} from './world.ts'

/** Space before replication: nothing of the sender is kept but the newest snapshot. */
const SPACE_FIRST = [
  ['keep_sender:\n        - type: not_replicated\n', 'conflict: destroy\n      keep_sender:\n'],
  ['count: 2', 'count: 1'],
] as const

test('what has arrived without any protection before a kill does not go while the receiver is away', async () => {
  const world = createWorld({
    children: [],
    rewritten: SPACE_FIRST,
    protection: {initial: 'guarantee_resumability', incremental: 'guarantee_nothing'},
    initialReplication: 'most_recent',
  })
  await run(world)
  passAnHour(world, 'hour')
  await run(world, {faults: [{at: 'receive:2', kind: 'kill', when: 'after', whom: 'everybody'}]})
  passAnHour(world, 'later')
  const common = () => pairsOf(world).map((pair) => lastCommon(pair)?.name)
  const before = common()
  expect(before[0]).toMatch(/^hour_|^zrepl_/)

  const vault = world.receiver.pools.get('vault') as Pool
  world.receiver.pools.delete('vault')
  await run(world)
  world.receiver.pools.set('vault', vault)
  expect(common()).toEqual(before)
  const {end} = await run(world)
  expect(end).toMatchObject({kind: 'done', status: 0})
  expect(mustFindDataset(world.sender, 'tank/data').snapshots.length).toBeLessThanOrEqual(2)
})
