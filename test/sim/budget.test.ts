import {describe, expect, test} from 'vitest'
import type {WorldOptions} from './options.ts'
import {mustFindDataset, writeBlock} from './pool.ts'
import {type Run, run} from './run.ts'
import {createWorld, passAnHour, selectedDatasets, user, type World} from './world.ts'

/** What a run costs: `zfs` commands and calls of libzfs_core by host, connections, and requests that were answered. */
type Cost = {
  readonly commands: Readonly<Record<string, number>>
  readonly libraryCalls: Readonly<Record<string, number>>
  readonly sessions: number
  readonly roundTrips: number
  readonly changes: number
}

/** The greeting is a write of each side; after it every round trip is a request and its answer. */
const GREETING_FRAMES = 2

function costOf({trace, sessions, frames}: Run): Cost {
  const commands = trace.filter(({libraryCall}) => libraryCall === undefined)
  const calls = new Set(
    trace.flatMap(({process, libraryCall}) =>
      libraryCall === undefined ? [] : [`${process.host.name} ${process.label} ${libraryCall}`],
    ),
  )
  return {
    commands: countBy(commands.map(({process}) => process.host.name)),
    libraryCalls: countBy(Array.from(calls, (call) => call.split(' ')[0] ?? '')),
    sessions,
    roundTrips: (frames - GREETING_FRAMES * sessions) / 2,
    changes: trace.filter(({mutates}) => mutates).length,
  }
}

function countBy(words: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Map.groupBy(words, (word) => word)
      .entries()
      .map(([word, all]) => [word, all.length]),
  )
}

/** `tank/data` and N - 1 children, everything replicated, a minute later. */
async function replicated(count: number, options: Partial<WorldOptions> = {}): Promise<World> {
  const children = Array.from({length: count - 1}, (_, index) => [`f${index}`, 'filesystem'] as const)
  const world = createWorld({children, remembers: true, ...options})
  await expectDone(world)
  world.nature.nowMs += 60_000
  return world
}

async function expectDone(
  world: World,
  ...phases: readonly ('snapshot' | 'replicate' | 'prune')[]
): Promise<Run> {
  const done = await run(world, phases.length === 0 ? {} : {phases})
  expect(done.violations).toEqual([])
  expect(done.end).toMatchObject({kind: 'done', status: 0})
  return done
}

/** Users write to every filesystem, and take one snapshot of all. */
function takeOne(world: World): void {
  world.nature.nowMs += 600_000
  for (const name of selectedDatasets(world)) writeBlock(world.sender, mustFindDataset(world.sender, name), 0)
  user(world.sender, 'snapshot', ...selectedDatasets(world).map((name) => `${name}@one`))
}

describe.each(['push', 'pull'] as const)('%s', (direction) => {
  test.each([10, 100])('%i filesystems', async (count) => {
    const world = await replicated(count, {direction, access: 'library'})
    expect(costOf(await expectDone(world)), 'nothing to do').toEqual({
      commands: {prod: 3, backup: 4},
      libraryCalls: {},
      sessions: 1,
      roundTrips: 1,
      changes: 0,
    })
    expect(costOf(await expectDone(world)), 'the same, of which nothing is listed any more').toEqual({
      commands: {prod: 2, backup: 3},
      libraryCalls: {},
      sessions: 1,
      roundTrips: 1,
      changes: 0,
    })

    takeOne(world)
    const trips =
      direction === 'push'
        ? {receive: count, observe: 1, hold: 1}
        : {send: 2 * count, protect: 1, observe: 1, complete: 1}
    expect(costOf(await expectDone(world, 'replicate')), 'one new snapshot each').toEqual({
      // Each looks once at what is new, the receiver also at what it lets go, and at nothing else.
      commands: {prod: 4, backup: 4},
      // One stream each; step holds, cursors, older cursors, step holds; the new last-received holds, and the older ones.
      libraryCalls: {prod: count + 4, backup: count + 2},
      sessions: 1,
      roundTrips: Object.values(trips).reduce((sum, one) => sum + one),
      changes: 9 * count,
    })

    passAnHour(world, 'later')
    await expectDone(world, 'replicate')
    expect(costOf(await expectDone(world, 'prune')), 'prune').toMatchObject({
      // Which snapshots there are, and what holds them, is not taken from what is remembered.
      commands: {prod: 4, backup: 5},
      libraryCalls: {prod: 1, backup: 1},
      sessions: 1,
      roundTrips: 2,
    })
  })
})

/** Users take so many snapshots of everything, and change something before each. */
function takeMany(world: World, count: number): void {
  for (let taken = 0; taken < count; taken += 1) {
    world.nature.nowMs += 60_000
    for (const name of selectedDatasets(world))
      writeBlock(world.sender, mustFindDataset(world.sender, name), 0)
    user(world.sender, 'snapshot', ...selectedDatasets(world).map((name) => `${name}@many${taken}`))
  }
}

describe.each(['push', 'pull'] as const)('%s: many missing snapshots', (direction) => {
  test('cost the round trips, changes and listings of one; only streams are as many as they', async () => {
    const filesystems = 3
    const [one, ten] = await Promise.all([1, 10].map(costOfMissing))
    expect(ten).toEqual({
      ...one,
      libraryCalls: {
        prod: (one?.libraryCalls['prod'] ?? 0) + 9 * filesystems,
        backup: (one?.libraryCalls['backup'] ?? 0) + 9 * filesystems,
      },
      // A send is no change; a receive, a step hold and its release are.
      changes: (one?.changes ?? 0) + 3 * 9 * filesystems,
    })
    expect(one?.roundTrips).toBe(direction === 'push' ? filesystems + 2 : 2 * filesystems + 3)

    async function costOfMissing(count: number): Promise<Cost> {
      const world = await replicated(filesystems, {direction, access: 'library'})
      takeMany(world, count)
      return costOf(await expectDone(world, 'replicate'))
    }
  })

  test('more than one request takes are sent in several', async () => {
    const world = await replicated(1, {direction, access: 'library'})
    takeMany(world, 101)
    const {roundTrips, libraryCalls} = costOf(await expectDone(world, 'replicate'))
    // The first hundred are completed before the last one is protected.
    const trips =
      direction === 'push'
        ? {receive: 2, observe: 1, hold: 1}
        : {send: 2 * 2, protect: 2, observe: 1, complete: 2}
    expect(roundTrips).toBe(Object.values(trips).reduce((sum, one) => sum + one))
    expect(libraryCalls).toEqual({prod: 101 + 8, backup: 101 + 4})
  })

  test('and without the library a hold takes them all in one command', async () => {
    const filesystems = 3
    const world = await replicated(filesystems, {direction})
    takeMany(world, 10)
    const {commands} = costOf(await expectDone(world, 'replicate'))
    // Four looks, a hold and its release for all; sends, and a cursor made and one destroyed for each filesystem.
    expect(commands['prod']).toBe(4 + 2 + 10 * filesystems + 2 * filesystems)
  })
})

test.each([10, 100])('without the library %i filesystems cost a command for each bookmark', async (count) => {
  const world = await replicated(count)
  takeOne(world)
  expect(costOf(await expectDone(world, 'replicate'))).toMatchObject({
    commands: {prod: 4 + 2 + 3 * count, backup: 4 + 1 + 2 + count},
    libraryCalls: {},
  })
  world.nature.nowMs += 60_000
  passAnHour(world, 'later')
  await expectDone(world, 'replicate')
  // One channel program for all filesystems of a pool, however many snapshots.
  expect(costOf(await expectDone(world, 'prune')).commands).toEqual({prod: 5, backup: 6})
})

test.each(['cli', 'library'] as const)(
  'by %s and not as root, pruning looks again and destroys by name',
  async (access) => {
    const count = 10
    const world = await replicated(count, {access, runsAs: 'user'})
    passAnHour(world, 'later')
    await expectDone(world, 'replicate')
    world.nature.nowMs += 60_000
    const {commands, libraryCalls} = costOf(await expectDone(world, 'prune'))
    expect({commands, libraryCalls}).toEqual(
      access === 'cli'
        ? // The program that is refused, a listing, and a destroy for each filesystem.
          {commands: {prod: 6 + count, backup: 7 + count}, libraryCalls: {}}
        : {commands: {prod: 5, backup: 6}, libraryCalls: {prod: 1, backup: 1}},
    )
  },
)
