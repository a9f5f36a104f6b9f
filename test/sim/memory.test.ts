import {describe, expect, test} from 'vitest'
import type {WorldOptions} from './options.ts'
import {mustFindDataset, mustFindPool, writeBlock} from './pool.ts'
import {type Run, run} from './run.ts'
import {together} from './together.ts'
import {copyWorld, createWorld, receiverName, user, type World} from './world.ts'

const MINUTE_MS = 60_000
const DATASET = 'tank/data/a b'

/** A world in which two runs have found nothing to do: what there is has been listed when it was no longer young. */
async function settled(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = createWorld({remembers: true, ...options})
  for (const _ of ['everything arrives', 'nothing to do']) await quietly(world)
  expect(world.kept.size).toBe(2)
  return world
}

/** A minute later a run that has to go well. */
async function quietly(world: World, phases?: Parameters<typeof run>[1]): Promise<Run> {
  world.nature.nowMs += MINUTE_MS
  const done = await run(world, phases)
  expect(done.violations).toEqual([])
  expect(done.end).toMatchObject({kind: 'done', status: 0})
  return done
}

/** The listings of snapshots of a run: what each host was asked for. */
function snapshotListings({trace}: Run): readonly string[] {
  return trace
    .filter(({argv}) => argv[0] === 'list' && argv.includes('snapshot,bookmark'))
    .map(({process, argv}) => `${process.host.name} ${argv.slice(argv.indexOf('createtxg') + 1).join(' ')}`)
}

const EVERYTHING = {
  push: ['backup -r vault/backups/prod', 'prod -r tank/data'],
  pull: ['backup -r vault/backups', 'prod -r tank/data'],
}

describe.each(['push', 'pull'] as const)('%s', (direction) => {
  test('where nothing has changed no snapshot is listed, however many there are', async () => {
    const world = await settled({direction})
    const done = await quietly(world)
    expect(snapshotListings(done)).toEqual([])
    expect(done.trace.map(({argv}) => argv[0]).toSorted()).toEqual(['get', 'get', 'get', 'get', 'holds'])
  })

  test('what has changed is listed alone, and what is done about it is done on a listing', async () => {
    const world = await settled({direction})
    change(world, 'new')
    const done = await quietly(world, {phases: ['replicate']})
    expect(snapshotListings(done)).toContain(`prod -d 1 -r ${DATASET}`)
    expect(snapshotListings(done).filter((words) => EVERYTHING[direction].includes(words))).toEqual([])
    expect(mustFindDataset(world.receiver, receiverName(world, DATASET)).snapshots.at(-1)?.name).toBe('new')
  })
})

/** Somebody changes something and takes a snapshot. */
function change(world: World, name: string): void {
  writeBlock(world.sender, mustFindDataset(world.sender, DATASET), 1)
  user(world.sender, 'snapshot', `${DATASET}@${name}`)
}

describe('what this host has received itself', () => {
  const copy = (world: World) => receiverName(world, DATASET)
  const ofReceiver = (done: Run) => snapshotListings(done).filter((words) => words.startsWith('backup'))

  test('need not be listed, neither one snapshot nor many in a row', async () => {
    const world = await settled()
    for (const names of [['new'], ['newer', 'newest'], []]) {
      for (const name of names) {
        world.nature.nowMs += MINUTE_MS
        change(world, name)
      }
      const done = await quietly(world, {phases: ['replicate']})
      const looked = ofReceiver(done).flatMap((words) => words.split(`${copy(world)}@`).slice(1))
      // What has come, and what is let go; after the last run all of them are known.
      expect(ofReceiver(done).every((words) => words.includes('@'))).toBe(true)
      expect(looked).toHaveLength(names.length === 0 ? 0 : names.length + 1)
    }
    expect(mustFindDataset(world.receiver, copy(world)).snapshots.at(-1)?.name).toBe('newest')
  })

  test('is listed where anything came after it', async () => {
    const world = await settled()
    change(world, 'new')
    await quietly(world, {phases: ['replicate']})
    world.nature.nowMs += MINUTE_MS
    user(world.receiver, 'snapshot', `${copy(world)}@mine`)
    const done = await quietly(world, {phases: ['prune']})
    expect(ofReceiver(done)).toContain(`backup -d 1 -r ${copy(world)}`)
  })

  test('is listed where nobody saw it come', async () => {
    const world = await settled()
    change(world, 'new')
    world.nature.nowMs += MINUTE_MS
    await run(world, {
      phases: ['replicate'],
      faults: [{kind: 'kill', at: 'receive:0', when: 'after', whom: 'everybody'}],
    })
    const done = await quietly(world, {phases: ['replicate']})
    expect(ofReceiver(done)).toContain(`backup -d 1 -r ${copy(world)}`)
  })

  test('is listed where the clock was ahead when it came, and was put right again', async () => {
    const world = await settled({direction: 'pull'})
    change(world, 'new')
    world.nature.nowMs += MINUTE_MS
    const {trace} = await run(copyWorld(world), {phases: ['replicate']})
    const command = trace.findIndex(({argv}) => argv[0] === 'receive')
    const {runs, violations} = await together(world, [
      {kind: 'start', when: {afterMs: 0}, phases: ['replicate']},
      {kind: 'clock', when: {run: 0, command}, skewMs: 3_600_000},
    ])
    expect([runs.map(({end}) => end?.status), violations]).toEqual([[0], []])
    world.receiver.skewMs = 0
    world.nature.nowMs += MINUTE_MS
    user(world.receiver, 'snapshot', `${copy(world)}@mine`)
    world.nature.nowMs += MINUTE_MS
    const done = await run(world, {phases: ['replicate']})
    expect(done.violations).toEqual([])
    expect(ofReceiver(done)).toContain(`backup -d 1 -r ${copy(world)}`)
  })

  test('a receive that fails proves nothing: who has come in between is seen by the next run', async () => {
    const world = await settled()
    change(world, 'new')
    await quietly(world, {phases: ['replicate']})
    // As if it had been made before the run above saw what it had received.
    const dataset = mustFindDataset(world.receiver, copy(world))
    const {snapshotsChanged} = dataset
    writeBlock(world.receiver, dataset, 2)
    user(world.receiver, 'snapshot', `${copy(world)}@mine`)
    dataset.snapshotsChanged = snapshotsChanged
    change(world, 'newer')
    world.nature.nowMs += MINUTE_MS
    const failed = await run(world, {phases: ['replicate']})
    expect(failed.end).toMatchObject({kind: 'done', status: 1})
    world.nature.nowMs += MINUTE_MS
    const told = await run(world, {phases: ['replicate']})
    expect(JSON.stringify(told.end)).toContain('conflict')
  })
})

test('of what has changed only names are listed, and what is new is looked at', async () => {
  const world = await settled()
  change(world, 'new')
  const done = await quietly(world, {phases: ['replicate']})
  const columns = (words: readonly string[]) => words[words.indexOf('-o') + 1]
  const ofSender = done.trace.filter(({process, argv}) => process.host.name === 'prod' && argv[0] === 'list')
  expect(ofSender.map(({argv}) => [columns(argv), argv.at(-1)])).toEqual([
    ['name,guid,createtxg,numclones', DATASET],
    ['name,guid,createtxg,creation,userrefs,clones', `${DATASET}@new`],
  ])
})

describe('in doubt everything is listed:', () => {
  const doubts: readonly (readonly [string, (world: World) => void])[] = [
    ['nothing was kept', ({kept}) => kept.clear()],
    ['what was kept is garbage', (world) => spoilKept(world, () => 'garbage')],
    ['what was kept is cut off', (world) => spoilKept(world, (text) => text.slice(0, -8))],
    [
      'it is from the future',
      (world) => spoilKept(world, (text) => text.replace(/,(1\d{12}),\[/g, ',9$1,[')),
    ],
    ['the clocks were set back', (world) => setClocks(world, -3_600_000)],
    ['the clocks were set a second ahead', (world) => setClocks(world, 1000)],
    [
      'the pools were somewhere else meanwhile',
      (world) => {
        mustFindPool(world.sender, 'tank').loadGuid = '2'
        mustFindPool(world.receiver, 'vault').loadGuid = '2'
      },
    ],
    [
      'it was a day ago',
      ({nature}) => {
        nature.nowMs += 24 * 3_600_000
      },
    ],
  ]

  function spoilKept({kept}: World, change: (text: string) => string): void {
    for (const [host, text] of kept) kept.set(host, change(text))
  }

  function setClocks({sender, receiver}: World, skewMs: number): void {
    sender.skewMs = skewMs
    receiver.skewMs = skewMs
  }

  test.each(doubts)('%s', async (_, spoil) => {
    const world = await settled()
    spoil(world)
    // By then much could be destroyed, and would be listed once more.
    const done = await quietly(world, {phases: ['replicate']})
    expect(snapshotListings(done).toSorted()).toEqual(EVERYTHING.push)
  })

  test('OpenZFS 2.1 does not tell', async () => {
    const world = createWorld({remembers: true, sender: '2.1.11', receiver: '2.1.11'})
    for (const _ of ['everything arrives', 'nothing to do', 'again']) {
      const done = await quietly(world)
      expect(snapshotListings(done)).toEqual(expect.arrayContaining(EVERYTHING.push))
    }
    expect(world.kept.size).toBe(0)
  })
})

describe('in doubt about one filesystem it is listed:', () => {
  const copy = (world: World) => receiverName(world, DATASET)
  const newest = (world: World) => mustFindDataset(world.receiver, copy(world)).snapshots.at(-1)?.name

  test('its snapshot was replaced in the second in which it was listed', async () => {
    const world = createWorld({remembers: true})
    await quietly(world)
    // Nothing is older than two seconds when this run begins, and nothing it destroys makes a difference.
    user(world.sender, 'snapshot', `${DATASET}@twin`)
    await run(world, {phases: ['replicate']})
    user(world.sender, 'destroy', `${DATASET}@twin`)
    user(world.sender, 'snapshot', `${DATASET}@twin`)
    world.nature.nowMs += MINUTE_MS
    const {violations} = await run(world)
    expect(violations).toEqual([])
  })

  test('another filesystem has taken its name', async () => {
    const world = await settled()
    const {sender} = world
    user(sender, 'rename', DATASET, 'tank/data/was')
    user(sender, 'rename', 'tank/data/was', DATASET)
    mustFindDataset(sender, DATASET).guid = '4711'
    const done = await quietly(world)
    expect(snapshotListings(done)).toEqual([`prod -d 1 -r ${DATASET}`])
  })

  test('it was promoted', async () => {
    const world = await settled()
    mustFindDataset(world.sender, DATASET).origin = {dataset: 'tank/other', guid: '1'}
    const done = await quietly(world)
    expect(snapshotListings(done)).toEqual([`prod -d 1 -r ${DATASET}`])
  })

  test('one of its snapshots has a clone', async () => {
    const world = await settled()
    const [oldest] = mustFindDataset(world.sender, DATASET).snapshots
    user(world.sender, 'clone', `${DATASET}@${oldest?.name}`, 'tank/try')
    world.kept.clear()
    await quietly(world)
    const listings = [`prod -d 1 -r ${DATASET}`, `prod ${DATASET}@${oldest?.name}`]
    expect(snapshotListings(await quietly(world))).toEqual(listings)
    user(world.sender, 'destroy', '-r', 'tank/try')
    await quietly(world)
    expect(snapshotListings(await quietly(world))).toEqual([])
  })

  test.each(['release:0', 'release:1'] as const)(
    'a run was killed before %s, with what it held',
    async (at) => {
      const world = await settled()
      user(world.sender, 'snapshot', `${DATASET}@new`)
      // It looks, does nothing about the new snapshot, and keeps that nobody holds it.
      await quietly(world, {phases: ['prune']})
      world.nature.nowMs += MINUTE_MS
      await run(world, {
        phases: ['replicate'],
        faults: [{kind: 'kill', at, when: 'before', whom: 'everybody'}],
      })
      for (const _ of ['finishes', 'has nothing to do']) await quietly(world, {phases: ['replicate']})
      expect(newest(world)).toBe('new')
      const held = mustFindDataset(world.sender, DATASET).snapshots.filter(({holds}) => holds.size > 0)
      expect(held).toEqual([])
    },
  )
})

test('what is released, and bookmarks that are destroyed, are seen without a listing of snapshots', async () => {
  const world = await settled()
  const copy = receiverName(world, DATASET)
  const {snapshots} = mustFindDataset(world.receiver, copy)
  const last = snapshots.find(({holds}) => holds.size > 0)
  const [tag = ''] = last?.holds.keys() ?? []
  user(world.receiver, 'release', tag, `${copy}@${last?.name}`)
  await quietly(world)
  expect(last?.holds.has(tag)).toBe(true)

  const cursor = mustFindDataset(world.sender, DATASET).bookmarks[0]
  user(world.sender, 'destroy', `${DATASET}#${cursor?.name}`)
  await quietly(world)
  expect(mustFindDataset(world.sender, DATASET).bookmarks.map(({name}) => name)).toEqual([cursor?.name])
})

/** A world that remembers five snapshots of a filesystem of which the rules keep fewer, the oldest held before. */
async function settledWithMany(): Promise<{readonly world: World; readonly oldest: string}> {
  const world = createWorld({remembers: true})
  const oldest = `${DATASET}@${mustFindDataset(world.sender, DATASET).snapshots[0]?.name}`
  user(world.sender, 'hold', 'mine', oldest)
  for (const name of ['third', 'fourth', 'fifth']) user(world.sender, 'snapshot', `${DATASET}@${name}`)
  for (const _ of ['everything arrives', 'nothing to do']) await quietly(world, {phases: ['replicate']})
  return {world, oldest}
}

const namesOn = (world: World) => mustFindDataset(world.sender, DATASET).snapshots.map(({name}) => name)

test('what is to be destroyed is judged on a listing: a hold that was set meanwhile is no failure', async () => {
  const {world} = await settledWithMany()
  user(world.sender, 'hold', 'mine', `${DATASET}@second`)
  const done = await quietly(world, {phases: ['prune']})
  expect(snapshotListings(done)).toContain(`prod -d 1 -r ${DATASET}`)
  expect(namesOn(world)).toEqual(['first', 'second', 'third', 'fifth'])
})

test('what goes on the sender is judged on a listing of the receiver, also where nothing goes there', async () => {
  const {world} = await settledWithMany()
  const copy = mustFindDataset(world.receiver, receiverName(world, DATASET))
  for (const {name} of copy.snapshots) user(world.receiver, 'hold', 'mine', `${copy.name}@${name}`)
  world.kept.delete(world.receiver.name)
  await quietly(world, {phases: ['replicate']})
  // Somebody has rolled it back in the very second in which a run had received.
  copy.snapshots.splice(copy.snapshots.findIndex(({name}) => name === 'fifth'))
  world.nature.nowMs += MINUTE_MS
  const done = await run(world, {phases: ['prune']})
  // Nothing else goes wrong than that it is remembered, which is what was made here.
  expect(done.violations.map(({invariant}) => invariant)).toEqual(['memory'])
  expect(snapshotListings(done)).toContain(`backup -d 1 -r ${copy.name}`)
  // By the rules the fourth goes; it is now the last that both have.
  expect(namesOn(world)).toContain('fourth')
})

test('a snapshot whose hold was released is not kept any more', async () => {
  const {world, oldest} = await settledWithMany()
  for (const name of ['second', 'third']) user(world.sender, 'hold', 'mine', `${DATASET}@${name}`)
  await quietly(world, {phases: ['prune']})
  for (const _ of ['is listed', 'is remembered']) await quietly(world)
  user(world.sender, 'release', 'mine', oldest)
  expect(namesOn(world)).toContain('first')
  await quietly(world)
  expect(namesOn(world)).not.toContain('first')
})

test('what is only remembered is listed before it is held and sent', async () => {
  const world = await settled()
  user(world.receiver, 'release', 'zrepl_last_received_J_backups', ...heldOnReceiver(world))
  user(world.receiver, 'destroy', '-r', receiverName(world, DATASET))
  const done = await quietly(world, {phases: ['replicate']})
  expect(snapshotListings(done)).toContain(`prod -d 1 -r ${DATASET}`)
  expect(mustFindDataset(world.receiver, receiverName(world, DATASET)).snapshots).not.toEqual([])
})

function heldOnReceiver(world: World): readonly string[] {
  const name = receiverName(world, DATASET)
  const held = mustFindDataset(world.receiver, name).snapshots.filter(({holds}) => holds.size > 0)
  return held.map((snapshot) => `${name}@${snapshot.name}`)
}

test('of what is only known by name no hold is overlooked before it is destroyed', async () => {
  const {world} = await settledWithMany()
  user(world.sender, 'hold', 'mine', `${DATASET}@second`)
  // It changes, so its names are listed, and not its holds.
  change(world, 'sixth')
  await quietly(world, {phases: ['prune']})
  expect(namesOn(world)).toEqual(['first', 'second', 'third', 'fifth', 'sixth'])
})
