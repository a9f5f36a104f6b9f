import {describe, expect, test} from 'vitest'
import {isNonEmpty} from '../../../src/lib/core/assert.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {Receiver} from '../../../src/lib/endpoint/receiver.ts'
import type {Sender} from '../../../src/lib/endpoint/sender.ts'
import type {Transfer} from '../../../src/lib/endpoint/transfer.ts'
import type {PlannedFilesystem} from '../../../src/lib/plan/job-plan.ts'
import {chainSteps} from '../../../src/lib/plan/step.ts'
import {createBoard} from '../../../src/lib/progress/board.ts'
import {runReplication} from '../../../src/lib/replicate/run-replication.ts'
import type {Outcome} from '../../../src/lib/zfs/client.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {snapshots} from '../../versions.ts'
import {policy} from '../plan/views.ts'
import {createTestContext} from '../test-context.ts'

const DONE: Outcome = {kind: 'done'}

/** `tank/NAME` with so many steps: `@s0 -> @s1`, and so on; or one in full. */
function filesystem(
  name: string,
  steps: number | 'full',
  after: readonly string[] = [],
): Extract<PlannedFilesystem, {kind: 'steps'}> {
  const dataset = parseDatasetName(`tank/${name}`)
  const count = steps === 'full' ? 1 : steps + 1
  const names = Array.from({length: count}, (_, index) => `@s${index},${index + 1}`)
  const all = snapshots(names.join(' '), dataset)
  const to = steps === 'full' ? all : all.slice(1)
  if (!isNonEmpty(to)) throw new Error('no step')
  const context = {filesystem: dataset, type: 'filesystem', raw: false, policy: policy()} as const
  return {
    filesystem: dataset,
    type: 'filesystem',
    kind: 'steps',
    steps: chainSteps(context, steps === 'full' ? undefined : all[0], to),
    abortPartial: undefined,
    setAside: undefined,
    sentBefore: undefined,
    after: after.map((parent) => parseDatasetName(`tank/${parent}`)),
  }
}

const arrive: Transfer = async () => ({warnings: []})

/** Runs the plan on two sides that do all they are asked; which filesystems and guids the sender was asked the sizes of. */
async function replicate(
  filesystems: readonly PlannedFilesystem[],
  {
    transfer = arrive,
    concurrentSteps = 1,
    sizes = false,
  }: {transfer?: Transfer; concurrentSteps?: number; sizes?: boolean} = {},
) {
  const estimated: string[][] = []
  const sender: Partial<Sender> = {
    protect: async (_, requests) => requests.map(() => DONE),
    complete: async (_, requests) => requests.map(() => DONE),
    estimate: async (_, requests) => {
      estimated.push(requests.map(({filesystem, to}) => `${filesystem} ${to}`))
      return requests.map(() => ({bytes: 10n, refusal: undefined}))
    },
  }
  const receiver: Partial<Receiver> = {holdLastReceived: async (_, requests) => requests.map(() => DONE)}
  const board = createBoard({monotonic: () => 0})
  const pair = {sender: sender as Sender, receiver: receiver as Receiver, board, sizes, transfer}
  const reports = await runReplication(createTestContext(), pair, {filesystems}, concurrentSteps)
  return {
    estimated,
    board,
    states: reports.map(
      ({filesystem, state, steps}) =>
        `${filesystem} ${state}: ${steps.map(({to, state}) => `${to} ${state}`).join(', ')}`,
    ),
  }
}

/** Streams that end when they are told to. */
function heldStreams() {
  const running: string[] = []
  const ends = new Map<string, () => void>()
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  const transfer: Transfer = async (_, {filesystem}) => {
    const name = filesystem.slice('tank/'.length)
    running.push(name)
    await new Promise<void>((resolve) => ends.set(name, resolve))
    running.splice(running.indexOf(name), 1)
    return {warnings: []}
  }
  /** Ends that stream; what is under way then. */
  async function end(name: string): Promise<readonly string[]> {
    ends.get(name)?.()
    await settle()
    return [...running]
  }
  return {transfer, running, end, settle}
}

describe('several filesystems at once', () => {
  test('so many as are allowed, in the order of the plan; the next begins when one ends', async () => {
    const {transfer, running, end, settle} = heldStreams()
    const all = ['c', 'a', 'd', 'b'].map((name) => filesystem(name, 1))
    const done = replicate(all, {transfer, concurrentSteps: 2})
    await settle()
    expect(running).toEqual(['c', 'a'])
    expect(await end('a')).toEqual(['c', 'd'])
    expect(await end('c')).toEqual(['d', 'b'])
    await end('d')
    await end('b')
    expect((await done).states).toEqual(['c', 'a', 'd', 'b'].map((name) => `tank/${name} done: @s1 done`))
  })

  test('the steps of one filesystem are never sent at once', async () => {
    const {transfer, running, end, settle} = heldStreams()
    const done = replicate([filesystem('a', 2)], {transfer, concurrentSteps: 5})
    await settle()
    expect(running).toEqual(['a'])
    expect(await end('a')).toEqual(['a'])
    await end('a')
    expect((await done).states).toEqual(['tank/a done: @s1 done, @s2 done'])
  })

  test('one that waits for what it lies in takes nobody else’s turn', async () => {
    const {transfer, running, end, settle} = heldStreams()
    const plan = [filesystem('p', 'full'), filesystem('p/child', 'full', ['p']), filesystem('z', 1)]
    const done = replicate(plan, {transfer, concurrentSteps: 2})
    await settle()
    expect(running).toEqual(['p', 'z'])
    expect(await end('p')).toEqual(['z', 'p/child'])
    await end('z')
    await end('p/child')
    expect((await done).states).toEqual([
      'tank/p done: @s0 done',
      'tank/p/child done: @s0 done',
      'tank/z done: @s1 done',
    ])
  })

  test('what lies below a filesystem that did not arrive is not begun', async () => {
    const begun: string[] = []
    const {states} = await replicate([filesystem('p', 'full'), filesystem('p/child', 'full', ['p'])], {
      transfer: async (_, {filesystem}) => {
        begun.push(filesystem)
        throw new OperationalError('receive-failed', 'out of space')
      },
    })
    expect(states).toEqual(['tank/p failed: @s0 failed', 'tank/p/child failed: @s0 not-reached'])
    expect(begun).toEqual(['tank/p'])
  })
})

test('sizes are asked for once, for all steps, and only when somebody looks', async () => {
  const plan = [filesystem('a', 2), filesystem('b', 1)]
  expect((await replicate(plan)).estimated).toEqual([])
  const {estimated, board} = await replicate(plan, {sizes: true})
  expect(estimated).toEqual([['tank/a 2', 'tank/a 3', 'tank/b 2']])
  expect([...board.state().filesystems.values()].map(({expectedBytes}) => expectedBytes)).toEqual([20n, 10n])
})
