import {describe, expect, test} from 'vitest'
import {isNonEmpty} from '../../../src/lib/core/assert.ts'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {ReceiveReply, Receiver} from '../../../src/lib/endpoint/receiver.ts'
import type {Sender} from '../../../src/lib/endpoint/sender.ts'
import type {Transfer} from '../../../src/lib/endpoint/transfer.ts'
import type {JobPlan, PlannedFilesystem} from '../../../src/lib/plan/job-plan.ts'
import type {Protection} from '../../../src/lib/plan/policy.ts'
import {chainSteps} from '../../../src/lib/plan/step.ts'
import {createBoard} from '../../../src/lib/progress/board.ts'
import type {Pair} from '../../../src/lib/replicate/pair.ts'
import {runReplication} from '../../../src/lib/replicate/run-replication.ts'
import type {Outcome} from '../../../src/lib/zfs/client.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {snapshots} from '../../versions.ts'
import {policy} from '../plan/views.ts'
import {createTestContext} from '../test-context.ts'

const DONE: Outcome = {kind: 'done'}
const BROKEN = new OperationalError('receive-failed', 'out of space')

/** `tank/NAME` with something to send: `@s0 -> @s1`, and so on; or in full from `@s0` on. */
function filesystem(
  name: string,
  steps: number,
  {
    full = false,
    after = [],
    protection = 'guarantee_resumability',
    token,
  }: {full?: boolean; after?: readonly string[]; protection?: Protection; token?: string} = {},
): PlannedFilesystem {
  const dataset = parseDatasetName(`tank/${name}`)
  const count = full ? steps : steps + 1
  const names = Array.from({length: count}, (_, index) => `@s${index},${index + 1}`)
  const [first, ...rest] = snapshots(names.join(' '), dataset)
  const to = full && first !== undefined ? [first, ...rest] : rest
  if (!isNonEmpty(to)) throw new Error('no step')
  const context = {
    filesystem: dataset,
    type: 'filesystem',
    raw: false,
    policy: policy('all', protection),
  } as const
  return {
    filesystem: dataset,
    type: 'filesystem',
    kind: 'steps',
    steps: chainSteps(context, full ? undefined : first, to, token),
    abortPartial: undefined,
    setAside: undefined,
    sentBefore: undefined,
    after: after.map((parent) => parseDatasetName(`tank/${parent}`)),
  }
}

/** Everything arrives, and everything is said. */
const arrive: Transfer = async (_, send, __, began) => {
  for (const index of send.keys()) began?.(index)
  return {arrived: send.length, warnings: []}
}

/** Runs the plan and keeps what was asked, in short: guids stand for `@s0` (1), `@s1` (2), … */
async function replicate(
  filesystems: readonly PlannedFilesystem[],
  {
    transfer = arrive,
    concurrentSteps = 1,
    stop = new AbortController(),
    ...overrides
  }: {transfer?: Transfer; concurrentSteps?: number; stop?: AbortController} & Partial<
    Pick<Pair, 'maxStreams' | 'sizes'>
  > & {
      hold?: (filesystem: string) => Outcome
      /** What is not answered, in the words of `asked`. */
      unanswered?: string
    } = {},
) {
  const asked: string[] = []
  const short = (name: string) => name.slice('tank/'.length)
  const note = <Request extends {readonly filesystem: string}>(
    verb: string,
    requests: readonly Request[],
    words: (request: Request) => string,
  ) => asked.push(`${verb} ${requests.map((one) => `${short(one.filesystem)}:${words(one)}`).join(' ')}`)
  const done = (requests: readonly unknown[]) =>
    asked.at(-1) === overrides.unanswered ? [] : requests.map(() => DONE)
  const sender: Partial<Sender> = {
    async protect(_, requests) {
      note('protect', requests, ({from, to}) => [from?.guid ?? 'full', ...to].join('-'))
      return done(requests)
    },
    async complete(_, requests) {
      note('complete', requests, ({to}) => to)
      return done(requests)
    },
    async estimate(_, requests) {
      note('estimate', requests, ({to}) => to)
      return requests.map(() => ({bytes: 10n, refusal: undefined}))
    },
  }
  const receiver: Partial<Receiver> = {
    async holdLastReceived(ctx, requests) {
      ctx.signal.throwIfAborted()
      note('hold', requests, ({to}) => to)
      return requests.map(({filesystem}) => overrides.hold?.(short(filesystem)) ?? DONE)
    },
  }
  const board = createBoard({monotonic: () => asked.length})
  const pair: Pair = {
    sender: sender as Sender,
    receiver: receiver as Receiver,
    board,
    sizes: overrides.sizes ?? false,
    maxStreams: overrides.maxStreams ?? 100,
    async transfer(ctx, send, receive, began) {
      note('stream', send.slice(0, 1), () => send.map(({to}) => to).join('-'))
      asked.push(`confirm ${receive.map(({confirm}) => confirm).join(' ')}`)
      return await transfer(ctx, send, receive, began)
    },
  }
  const plan: JobPlan = {filesystems}
  const reports = await runReplication(createTestContext([], stop.signal), pair, plan, concurrentSteps)
  return {
    asked,
    board,
    states: Object.fromEntries(
      reports.map(({filesystem, state, steps}) => [
        short(filesystem),
        [state, ...steps.map(({to, state}) => `${to} ${state}`)],
      ]),
    ),
    reports,
  }
}

describe('a series', () => {
  test('costs what one step costs: all ends protected, one transfer, one hold, one cursor', async () => {
    const {asked, states} = await replicate([filesystem('a', 3)])
    expect(asked).toEqual([
      'protect a:1-2-3-4',
      'stream a:2-3-4',
      'confirm later later later',
      'hold a:4',
      'complete a:4',
    ])
    expect(states).toEqual({a: ['done', '@s1 done', '@s2 done', '@s3 done']})
  })

  test('is followed by another where one request is not enough, which is protected when its turn comes', async () => {
    const {asked} = await replicate([filesystem('a', 3)], {maxStreams: 2})
    expect(asked).toEqual([
      'protect a:1-2-3',
      'stream a:2-3',
      'confirm later now',
      'complete a:3',
      'protect a:3-4',
      'stream a:4',
      'confirm later',
      'hold a:4',
      'complete a:4',
    ])
  })

  test('behind a full stream is confirmed at once: filesystems below wait for it', async () => {
    const {asked} = await replicate([filesystem('a', 3, {full: true})])
    expect(asked).toEqual([
      'protect a:full-1',
      'stream a:1',
      'confirm now',
      'complete a:1',
      'protect a:1-2-3',
      'stream a:2-3',
      'confirm later now',
      'complete a:3',
    ])
  })

  test('is confirmed at once where nothing is guaranteed', async () => {
    const {asked} = await replicate([filesystem('a', 2, {protection: 'guarantee_nothing'})])
    expect(asked.slice(1)).toEqual(['stream a:2-3', 'confirm later now', 'complete a:3'])
  })
})

describe('a sender that does not answer', () => {
  const first = ['protect a:1-2-3', 'stream a:2-3', 'confirm later now']
  test.each([
    [[], 'protect a:1-2-3', 'cannot protect the step: no answer'],
    [first, 'complete a:3', 'received, but cannot move the cursor: no answer'],
    [[...first, 'complete a:3'], 'protect a:3-4', 'cannot protect the step: no answer'],
  ])('behind %j to %s: nothing follows', async (before, unanswered, message) => {
    const {asked, reports} = await replicate([filesystem('a', 3)], {maxStreams: 2, unanswered})
    expect(asked).toEqual([...before, unanswered])
    expect(reports[0]).toMatchObject({state: 'failed', error: {code: 'zfs-failed', message}})
  })
})

describe('a series that breaks off', () => {
  const after =
    (arrived: number): Transfer =>
    async (_, send, __, began) => {
      for (const index of send.keys()) began?.(index)
      return {arrived, warnings: [], failure: BROKEN} satisfies ReceiveReply
    }

  test('keeps what has arrived and all of its protection; the next run finishes it', async () => {
    const {asked, states, reports, board} = await replicate([filesystem('a', 4)], {transfer: after(2)})
    expect(asked).toEqual(['protect a:1-2-3-4-5', 'stream a:2-3-4-5', 'confirm later later later later'])
    expect(states).toEqual({a: ['failed', '@s1 done', '@s2 done', '@s3 failed', '@s4 not-reached']})
    expect(reports[0]).toMatchObject({latest: {version: '@s2'}, error: {code: 'receive-failed'}})
    expect(board.state().filesystems.get(parseDatasetName('tank/a'))).toMatchObject({
      steps: 4,
      doneSteps: 2,
      error: 'out of space',
    })
  })

  test('without a word from the receiver: all that was begun may have arrived, and none is said to have', async () => {
    const {states} = await replicate([filesystem('a', 4)], {
      transfer: async (_, __, ___, began) => {
        for (const index of [0, 1]) began?.(index)
        throw new OperationalError('peer-unreachable', 'gone')
      },
    })
    expect(states).toEqual({a: ['failed', '@s1 failed', '@s2 failed', '@s3 not-reached', '@s4 not-reached']})
  })

  test('only when it is finished: none of its snapshots is proven', async () => {
    const {states} = await replicate([filesystem('a', 2), filesystem('b', 1)], {
      hold: (name) =>
        name === 'a' ? {kind: 'failed', failure: {kind: 'unknown', message: 'no such guid'}} : DONE,
    })
    expect(states).toEqual({a: ['failed', '@s1 failed', '@s2 failed'], b: ['done', '@s1 done']})
  })
})

describe('several filesystems at once', () => {
  /** Streams end when they are told to. */
  function held() {
    const running: string[] = []
    const ends = new Map<string, () => void>()
    let most = 0
    const transfer: Transfer = async (_, [first], __, began) => {
      const name = first?.filesystem.slice('tank/'.length) ?? ''
      running.push(name)
      most = Math.max(most, running.length)
      began?.(0)
      await new Promise<void>((resolve) => ends.set(name, resolve))
      running.splice(running.indexOf(name), 1)
      return {arrived: 1, warnings: []}
    }
    const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
    async function end(name: string): Promise<readonly string[]> {
      ends.get(name)?.()
      await settle()
      return [...running]
    }
    return {transfer, running, end, settle, most: () => most}
  }

  test('so many as are allowed, in the order of the plan; the next begins when one ends', async () => {
    const {transfer, running, end, settle, most} = held()
    const all = ['c', 'a', 'd', 'b'].map((name) => filesystem(name, 1))
    const done = replicate(all, {transfer, concurrentSteps: 2})
    await settle()
    expect(running).toEqual(['c', 'a'])
    expect(await end('a')).toEqual(['c', 'd'])
    expect(await end('c')).toEqual(['d', 'b'])
    await end('d')
    await end('b')
    expect(most()).toBe(2)
    expect((await done).states['b']).toEqual(['done', '@s1 done'])
  })

  test('the steps of one filesystem are never sent at once', async () => {
    const {transfer, running, end, settle} = held()
    const done = replicate([filesystem('a', 2)], {transfer, concurrentSteps: 5, maxStreams: 1})
    await settle()
    expect(running).toEqual(['a'])
    expect(await end('a')).toEqual(['a'])
    await end('a')
    expect((await done).states).toEqual({a: ['done', '@s1 done', '@s2 done']})
  })

  test('one that waits for what it lies in takes nobody else a turn', async () => {
    const {transfer, running, end, settle} = held()
    const plan = [
      filesystem('p', 1, {full: true}),
      filesystem('p/child', 1, {full: true, after: ['p']}),
      filesystem('z', 1),
    ]
    const done = replicate(plan, {transfer, concurrentSteps: 2})
    await settle()
    expect(running).toEqual(['p', 'z'])
    expect(await end('p')).toEqual(['z', 'p/child'])
    await end('z')
    await end('p/child')
    expect(Object.values((await done).states).map(([state]) => state)).toEqual(['done', 'done', 'done'])
  })
})

test('a partial receive is continued alone, and what is behind it follows in a series', async () => {
  const plan = [filesystem('a', 3, {token: '1-a-b-cc'})]
  const {asked, states} = await replicate(plan)
  expect(asked.filter((word) => word.startsWith('stream'))).toEqual(['stream a:2', 'stream a:3-4'])
  expect(states).toEqual({a: ['done', '@s1 done', '@s2 done', '@s3 done']})

  const failure = new OperationalError('receive-failed', 'out of space', {retryable: true})
  const broken = await replicate(plan, {transfer: async () => ({arrived: 0, warnings: [], failure})})
  expect(broken.states).toEqual({a: ['failed', '@s1 failed', '@s2 not-reached', '@s3 not-reached']})
  expect(broken.asked.some((word) => word.startsWith('complete'))).toBe(false)
})

test('what is below a filesystem that did not arrive is not begun', async () => {
  const {states, asked} = await replicate(
    [filesystem('p', 1, {full: true}), filesystem('p/child', 1, {full: true, after: ['p']})],
    {
      transfer: async () => {
        throw BROKEN
      },
    },
  )
  expect(states).toEqual({p: ['failed', '@s0 failed'], 'p/child': ['failed', '@s0 not-reached']})
  expect(asked.filter((word) => word.startsWith('stream'))).toEqual(['stream p:1'])
})

test('sizes are asked for once, for all steps, and only when somebody looks', async () => {
  const plan = [filesystem('a', 2), filesystem('b', 1)]
  expect((await replicate(plan)).asked.filter((word) => word.startsWith('estimate'))).toEqual([])
  const {asked, board} = await replicate(plan, {sizes: true})
  expect(asked.filter((word) => word.startsWith('estimate'))).toEqual(['estimate a:2 a:3 b:2'])
  expect([...board.state().filesystems.values()].map(({expectedBytes}) => expectedBytes)).toEqual([20n, 10n])
})

describe('a run that is stopped', () => {
  /** Stopped while the first stream of `tank/NAME` is under way. */
  function stoppedAt(name: string) {
    const stop = new AbortController()
    const transfer: Transfer = async (ctx, send, receive, began) => {
      if (send[0]?.filesystem !== `tank/${name}`) return await arrive(ctx, send, receive, began)
      began?.(0)
      stop.abort(new Stopped('stopped by SIGTERM'))
      throw stop.signal.reason
    }
    return {stop, transfer}
  }

  test('tells what has arrived, what was under way, and what was not begun', async () => {
    const plan = [
      filesystem('a', 1),
      filesystem('b', 2, {full: true}),
      filesystem('b/child', 1, {full: true, after: ['b']}),
      filesystem('c', 1),
    ]
    const {asked, states, reports} = await replicate(plan, stoppedAt('b'))
    expect(asked.filter((word) => /^(stream|hold|complete)/.test(word))).toEqual(['stream a:2', 'stream b:1'])
    expect(states).toEqual({
      a: ['done', '@s1 done'],
      b: ['failed', '@s0 failed', '@s1 not-reached'],
      'b/child': ['failed', '@s0 not-reached'],
      c: ['failed', '@s1 not-reached'],
    })
    expect(reports.map(({error}) => error)).toEqual([
      undefined,
      ...Array(3).fill({code: 'stopped', message: 'stopped by SIGTERM'}),
    ])
    expect(reports[0]?.warnings).toEqual([
      'received, but stopped before the cursor was moved: the next run does that',
    ])
    expect(reports[3]?.latest?.version).toBe('@s0')
  })

  test('what fails because of that is told as stopped', async () => {
    const stop = new AbortController()
    const {reports} = await replicate([filesystem('a', 1)], {
      stop,
      async transfer() {
        stop.abort(new Stopped('stopped by SIGINT'))
        throw new OperationalError('send-failed', 'zfs send was killed by SIGINT')
      },
    })
    expect(reports[0]?.error).toEqual({code: 'stopped', message: 'stopped by SIGINT'})
  })
})
