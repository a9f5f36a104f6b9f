import {describe, expect, test} from 'vitest'
import {PHASES, type Phase} from '../../src/lib/replicate/phase.ts'
import {copyHost, mustFindDataset} from './pool.ts'
import {leftovers, unsent} from './quiescence.ts'
import {type Run, run} from './run.ts'
import {copyWorld, createWorld, passAnHour, receiverName, type World} from './world.ts'

/** Some hours of a job, the last one with these phases; and what its hosts were after each but the last. */
async function someHours(direction: 'push' | 'pull', phases: readonly Phase[] = PHASES) {
  const world = createWorld({direction})
  const past: World[] = []
  for (const hour of ['a', 'b', 'c']) {
    await run(world)
    past.push(copyWorld(world))
    passAnHour(world, hour)
  }
  await run(world, {phases})
  return {world, past}
}

/** Puts the pool of a host back to what it was. */
function rewind(world: World, side: 'sender' | 'receiver', past: World | undefined): void {
  if (past === undefined) throw new Error('there is no such hour')
  for (const [name, pool] of copyHost(past[side], world.nature).pools) world[side].pools.set(name, pool)
}

function statusOf({end}: Run): number | string {
  return end.kind === 'done' ? end.status : end.kind
}

const changesOf = ({trace}: Run) => trace.filter(({mutates}) => mutates).map(({argv}) => argv.join(' '))

describe.each(['push', 'pull'] as const)('%s', {timeout: 600_000}, (direction) => {
  test('the receiver is rewound to what the sender still has: the rest is sent again', async () => {
    const {world, past} = await someHours(direction, ['snapshot', 'replicate'])
    rewind(world, 'receiver', past[2])
    const done = await run(world)
    expect([statusOf(done), done.violations]).toEqual([0, []])
    expect([...unsent(world), ...leftovers(world)]).toEqual([])
  })

  test('the receiver is rewound to what the sender has no more: a conflict, and nothing is changed', async () => {
    const {world, past} = await someHours(direction)
    rewind(world, 'receiver', past[2])
    const done = await run(world)
    expect([statusOf(done), done.violations, changesOf(done)]).toEqual([4, [], []])
  })

  test('the sender is restored from long ago and goes on: a conflict, and the copy is left as it is', async () => {
    const {world, past} = await someHours(direction)
    rewind(world, 'sender', past[0])
    passAnHour(world, 'after')
    const copy = mustFindDataset(world.receiver, receiverName(world, 'tank/data'))
    const before = [...copy.snapshots]
    const done = await run(world)
    expect([statusOf(done), done.violations]).toEqual([4, []])
    expect(changesOf(done).filter((words) => !words.startsWith('snapshot '))).toEqual([])
    expect(copy.snapshots).toEqual(before)
  })
})
