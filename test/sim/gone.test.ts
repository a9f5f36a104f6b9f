import {describe, expect, test} from 'vitest'
import {RECEIVER_JOB} from './jobs.ts'
import type {WorldOptions} from './options.ts'
import {addDataset, addPool, allDatasets, copyHost, mustFindDataset, mustFindPool, nextTxg} from './pool.ts'
import {type Run, run} from './run.ts'
import {copyWorld, createWorld, passAnHour, receiverName, user, type World} from './world.ts'

type Rewritten = WorldOptions['rewritten']

const KEEP_ALL: Rewritten = [['{type: last_n, count: 3}', '{type: last_n, count: 1000}']]
const GONE: Rewritten = [
  ['{type: last_n, count: 3}', '{type: last_n, count: 3}\n      gone_on_sender: {after: 14d}'],
]
/** Of what is copied, the job names one filesystem. */
const ONE: Rewritten = [['"tank/data<": true', '"tank/data/a b": true'], ...GONE]
/** It names nothing, and means all there is. */
const EVERYTHING: Rewritten = [['"tank/data<": true', '"<": true']]

const COPIES = ['tank/data', 'tank/data/a b', 'tank/data/vol']
const DAY_MS = 24 * 3_600_000

/** Everything of `tank/data` copied with all its snapshots, three weeks ago. */
async function copied(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = createWorld({rewritten: KEEP_ALL, ...options})
  for (const hour of ['h1', 'h2']) {
    expect(await quietly(world)).toMatchObject({end: {kind: 'done', status: 0}})
    passAnHour(world, hour)
  }
  await quietly(world)
  world.nature.nowMs += 21 * DAY_MS
  return world
}

/** The same hosts with other jobs. */
function withJobs(world: World, rewritten: Rewritten): World {
  return {...world, options: {...world.options, rewritten}}
}

async function quietly(world: World, request: Parameters<typeof run>[1] = {}): Promise<Run> {
  const done = await run(world, request)
  expect(done.violations).toEqual([])
  return done
}

/** A user destroys a dataset of the sender that has none below it. */
function destroyOnSender({sender}: World, name: string): void {
  const pool = mustFindPool(sender, name)
  pool.datasets.delete(name)
  nextTxg(pool)
}

/** How many snapshots there are of each copy. */
function counts(world: World): Readonly<Record<string, number>> {
  return Object.fromEntries(
    allDatasets(world.receiver)
      .filter(({name}) => name.startsWith(receiverName(world, 'tank/data')))
      .map(({name, snapshots}) => [name.slice(receiverName(world, '').length), snapshots.length]),
  )
}

/** What is said of a copy. */
function becauseOf({end}: Run, filesystem: string): string | undefined {
  const filesystems = end.kind === 'done' ? end.outcome.pruneReceiver?.filesystems : undefined
  return filesystems?.find((one) => one.filesystem === filesystem)?.because
}

/** What the sender was asked about names that it does not show. */
function questions({trace}: Run): readonly string[] {
  return trace
    .filter(({process, argv}) => process.host.name === 'prod' && argv[0] === 'get' && argv.includes('0'))
    .map(({argv}) =>
      argv.slice(argv.findIndex((word) => word.startsWith('tank') || word === 'vault')).join(' '),
    )
}

const UNSAID =
  'the sender does not show it, but does not say that it has no such dataset either: it may lie beside filesystems, or on a pool that is away'

describe.each(['push', 'pull'] as const)('%s', (direction) => {
  test.each([
    ['', {}],
    [', also where listings are kept', {remembers: true}],
  ])('what was destroyed on the sender is pruned, but for what the rules keep%s', async (_, more) => {
    const world = await copied({direction, ...more})
    const before = counts(world)
    expect(Object.keys(before)).toEqual(COPIES)
    destroyOnSender(world, 'tank/data/vol')
    const jobs = withJobs(world, GONE)
    const done = await quietly(jobs, {phases: ['prune']})
    expect(counts(world)).toEqual({'tank/data': 3, 'tank/data/a b': 3, 'tank/data/vol': 3})
    expect(questions(done)).toEqual(['tank tank/data/vol', 'tank'])
    expect(questions(await quietly(jobs, {phases: ['prune']})), 'nothing is left to go').toEqual([])
  })

  test('what the job does not select any more is not gone', async () => {
    const world = await copied({direction})
    const before = counts(world)
    const done = await quietly(withJobs(world, ONE), {phases: ['prune']})
    expect(counts(world)).toEqual({...before, 'tank/data/a b': 3})
    expect(becauseOf(done, 'tank/data')).toBe(UNSAID)
    // A client is not told what exists beside the filter of its source.
    expect(questions(done)).toEqual(direction === 'push' ? ['tank tank/data tank/data/vol'] : [])
  })

  test('nothing is gone while its pool is away', async () => {
    const world = await copied({direction})
    addPool(world.sender, 'rpool')
    addDataset(world.sender, 'rpool/home', 'filesystem')
    const tank = mustFindPool(world.sender, 'tank')
    const before = counts(world)
    world.sender.pools.delete('tank')
    const jobs = withJobs(world, [...EVERYTHING, ...GONE])
    const done = await quietly(jobs, {phases: ['prune']})
    expect(counts(world)).toEqual(before)
    expect(becauseOf(done, 'tank/data/vol')).toBe(UNSAID)

    world.sender.pools.set('tank', tank)
    destroyOnSender(world, 'tank/data/vol')
    await quietly(jobs, {phases: ['prune']})
    expect(counts(world)).toEqual({'tank/data': 3, 'tank/data/a b': 3, 'tank/data/vol': 3})
  })

  test('it costs one command, and a round trip to a sender that is elsewhere, where anything would go', async () => {
    const world = await copied({direction})
    addPool(world.sender, 'rpool')
    addDataset(world.sender, 'rpool/home', 'filesystem')
    world.sender.pools.delete('tank')
    const costOf = async (rewritten: Rewritten) => {
      const jobs = withJobs(copyWorld(world), [...EVERYTHING, ...rewritten])
      const {trace, frames} = await quietly(jobs, {phases: ['prune']})
      return {commands: trace.length, roundTrips: frames / 2}
    }
    const {commands, roundTrips} = await costOf([])
    expect(await costOf(GONE)).toEqual({
      commands: commands + 1,
      roundTrips: roundTrips + (direction === 'push' ? 0 : 1),
    })
    const young: Rewritten = GONE.map(([find, replace]) => [find, replace.replace('14d', '28d')])
    expect(await costOf(young)).toEqual({commands, roundTrips})
  })

  test('nothing is gone where ZFS does not tell', async () => {
    const world = await copied({direction})
    destroyOnSender(world, 'tank/data/vol')
    const before = counts(world)
    const jobs = withJobs(world, GONE)
    const {trace} = await quietly(copyWorld(jobs), {phases: ['prune']})
    const at = trace.findIndex(
      ({process, argv}) => process.host.name === 'prod' && argv.at(-1) === 'tank/data/vol',
    )
    const done = await quietly(jobs, {
      phases: ['prune'],
      faults: [{kind: 'fail', at, when: 'instead', text: 'unknown'}],
    })
    expect(counts(world)).toEqual({
      'tank/data': 3,
      'tank/data/a b': 3,
      'tank/data/vol': before['tank/data/vol'],
    })
    expect(becauseOf(done, 'tank/data/vol')).toBe(UNSAID)
  })

  test('what this job has not received, or has set aside, is not gone', async () => {
    const world = await copied({direction})
    for (const name of ['tank/data/vol', 'tank/data/a b']) destroyOnSender(world, name)
    for (const {holds} of mustFindDataset(world.receiver, receiverName(world, 'tank/data/vol')).snapshots)
      holds.clear()
    const aside = 'tank/data/a b_diverged_0123456789abcdef'
    user(world.receiver, 'rename', receiverName(world, 'tank/data/a b'), receiverName(world, aside))
    const before = counts(world)
    const done = await quietly(withJobs(world, GONE), {phases: ['prune']})
    expect(counts(world)).toEqual({...before, 'tank/data': 3})
    expect(questions(done)).toEqual([])
    expect(becauseOf(done, aside)).toBe('it is not on the sender (any more)')
  })
})

test('a pull job leaves alone what another has brought from another host', async () => {
  const world = await copied({direction: 'pull'})
  const other: World = {
    ...withJobs(world, [...GONE, [`name: ${RECEIVER_JOB}\n    type: pull`, 'name: second\n    type: pull']]),
    sender: copyHost(createWorld({seed: 99, children: []}).sender, world.nature),
  }
  const before = counts(world)
  await quietly(other, {phases: ['prune']})
  expect(counts(world)).toEqual(before)
})
