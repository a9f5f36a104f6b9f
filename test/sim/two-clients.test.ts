import {describe, expect, test} from 'vitest'
import {mustFindDataset} from './pool.ts'
import {leftovers, unsent} from './quiescence.ts'
import {below, createRandom} from './random.ts'
import {run} from './run.ts'
import {prepare, reasonsOf} from './scenario.ts'
import {type Together, together} from './together.ts'
import {copyWorld, createWorld, receiverName, selectedDatasets, type World} from './world.ts'

/**
 * Two clients of one identity (F34). That two of one job do not work at the same time is what locks are for. Without them they
 * may be in each other's way and do things twice, and who is through first takes the step holds of the other away, which
 * are of the same job: that is why a chain also hangs on its cursor. Nothing else of what must always be true may break.
 */
const WHAT_LOCKS_ARE_FOR: ReadonlySet<string> = new Set(['I10', 'guarantee'])

function broken({violations}: Together): readonly string[] {
  return violations
    .filter(({invariant}) => !WHAT_LOCKS_ARE_FOR.has(invariant))
    .map(({invariant, where, what}) => `${invariant}, ${where}: ${what}`)
}

/** What is wrong after two runs that nobody disturbs. */
async function afterwards(world: World): Promise<readonly string[]> {
  const problems: string[] = []
  for (const name of ['the first run after', 'the second run after']) {
    world.nature.nowMs += 60_000
    const {violations} = await run(world)
    problems.push(...violations.map(({invariant, what}) => `${invariant} in ${name}: ${what}`))
  }
  return [...problems, ...unsent(world), ...leftovers(world)]
}

describe.each(['push', 'pull'] as const)('%s', {timeout: 600_000}, (direction) => {
  test('a job that is started twice without a common lock breaks nothing', async () => {
    const {start, trace} = await prepare({options: {direction}, stage: 'incremental'})
    for (let command = 0; command < trace.length; command += 1) {
      const world = copyWorld(start)
      const done = await together(world, [
        {kind: 'start', when: {afterMs: 0}},
        {kind: 'start', when: {run: 0, command}, elsewhere: true},
      ])
      expect([command, broken(done)]).toEqual([command, []])
      expect([command, await afterwards(world)]).toEqual([command, []])
    }
  })

  test('nor does it when both are killed again and again', async () => {
    const random = createRandom(7)
    const {start} = await prepare({options: {direction}, stage: 'incremental'})
    const world = copyWorld(start)
    for (let crash = 0; crash < 50; crash += 1) {
      const done = await together(world, [
        {kind: 'start', when: {afterMs: 0}},
        {kind: 'start', when: {run: 0, command: below(random, 12)}, elsewhere: true},
        {kind: 'kill', when: {run: 0, command: 6 + below(random, 20)}, victim: 0},
        {kind: 'kill', when: {run: 1, command: 6 + below(random, 20)}, victim: 1},
      ])
      expect([crash, broken(done)]).toEqual([crash, []])
      world.nature.nowMs += 60_000
    }
    expect(await afterwards(world)).toEqual([])
  })
})

/** Another computer with the names, the key and the configuration of the first, and what it has on its own pool. */
function impostor(world: World): World {
  return {...world, sender: createWorld({...world.options, seed: 99}).sender, kept: new Map()}
}

test('a second computer with the identity of the first and other data is told of a conflict, and changes nothing', async () => {
  const {start} = await prepare({options: {}, stage: 'incremental'})
  const world = copyWorld(start)
  const before = snapshotsThere(world)
  const other = impostor(world)
  const {end, trace} = await run(other, {phases: ['replicate', 'prune']})
  expect(end).toMatchObject({kind: 'done', status: 4})
  const states = end.kind === 'done' ? end.outcome.replicate?.filesystems.map(({state}) => state) : undefined
  expect(states).toEqual(selectedDatasets(world).map(() => 'conflict'))
  expect(trace.filter(({mutates}) => mutates).map(({argv}) => argv.join(' '))).toEqual([])
  expect(snapshotsThere(world)).toEqual(before)
  expect(await afterwards(world)).toEqual([])
})

test('with rename-aside a second computer takes the place of the first once, and the first is told', async () => {
  const options = {diverged: 'rename-aside', children: []} as const
  const {start} = await prepare({options, stage: 'incremental'})
  const world = copyWorld(start)
  const other = impostor(world)
  const [kept, newest] = [snapshotsThere(world), newestThere(world)]

  expect((await run(other)).end).toMatchObject({kind: 'done', status: 0})
  const aside = `vault/backups/prod/tank/data_diverged_${BigInt(newest).toString(16).padStart(16, '0')}`
  expect(copiesOf(world)).toEqual(['vault/backups/prod/tank/data', aside])
  expect(mustFindDataset(world.receiver, aside).snapshots.map(({guid}) => `tank/data ${guid}`)).toEqual(kept)
  const theirs = snapshotsThere(world)

  for (const time of ['first', 'second']) {
    const {end} = await run(world, {phases: ['snapshot', 'replicate', 'prune']})
    expect([time, end]).toMatchObject([time, {kind: 'done', status: 4}])
    expect(reasonsOf(end)).toContain(
      `which this sender has, was set aside as '${aside.slice('vault/backups/prod/'.length)}' before, so another sender replicates to the same place`,
    )
    expect(snapshotsThere(world)).toEqual(theirs)
  }
  expect((await run(other)).end).toMatchObject({kind: 'done', status: 0})
  expect(copiesOf(world)).toEqual(['vault/backups/prod/tank/data', aside])
})

function newestThere(world: World): string {
  return mustFindDataset(world.receiver, receiverName(world, 'tank/data')).snapshots.at(-1)?.guid ?? '0'
}

function copiesOf({receiver}: World): readonly string[] {
  return Array.from(receiver.pools.get('vault')?.datasets.keys() ?? []).filter((name) =>
    name.includes('tank/data'),
  )
}

function snapshotsThere(world: World): readonly string[] {
  return selectedDatasets(world).flatMap((name) =>
    mustFindDataset(world.receiver, receiverName(world, name)).snapshots.map(({guid}) => `${name} ${guid}`),
  )
}
