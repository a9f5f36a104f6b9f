import {describe, expect, test} from 'vitest'
import type {NonEmpty} from '../../../src/lib/core/assert.ts'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {Receiver} from '../../../src/lib/endpoint/receiver.ts'
import type {DestroyReply, DestroyRequest, Sender} from '../../../src/lib/endpoint/sender.ts'
import type {EndpointView, FilesystemView} from '../../../src/lib/endpoint/view.ts'
import type {KeepRule} from '../../../src/lib/prune/keep-rule.ts'
import type {PrunePolicy} from '../../../src/lib/prune/policy.ts'
import {createLook} from '../../../src/lib/replicate/look.ts'
import {prunePhase} from '../../../src/lib/replicate/prune-phase.ts'
import {createWatchdog} from '../../../src/lib/replicate/watchdog.ts'
import type {PruneReport} from '../../../src/lib/report/report.ts'
import type {Outcome} from '../../../src/lib/zfs/client.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {cursor, PUSH, policy, SINK, view} from '../plan/views.ts'
import {lastN, regex} from '../prune/rules.ts'
import {createTestContext} from '../test-context.ts'

const DAY = 24 * 3600
const NOW = 1000 * DAY * 1000
const UNLIMITED: PrunePolicy = {
  onConflict: 'keep',
  limit: {count: undefined, percent: 100},
  goneAfterMs: undefined,
}

type World = {
  readonly sender: readonly FilesystemView[]
  readonly receiver?: readonly FilesystemView[]
  readonly missing?: EndpointView['missing']
  /** What does not exist on the sender, when it is asked. */
  readonly absent?: readonly string[]
  readonly receiverClockMs?: number
  readonly rules?: NonEmpty<KeepRule>
  readonly policy?: Partial<PrunePolicy>
  readonly answer?: (name: string) => Outcome
  readonly yesLargePrune?: boolean
  readonly dryRun?: boolean
  /** What other replications have told, the first time and from then on. */
  readonly beside?: readonly [readonly string[], readonly string[]]
}

async function phase(world: World) {
  const {sender, receiver, missing = [], rules = [lastN(1)], answer = () => ({kind: 'done'})} = world
  const calls: string[] = []
  const confirms: string[] = []
  const confirmsThere: string[] = []
  const beside = world.beside ?? [[], []]
  const looks = [beside[0]]
  const unexpected = async () => {
    throw new Error('not expected')
  }
  const destroys = (side: string) => async (_: unknown, requests: readonly DestroyRequest[]) =>
    requests.map(({filesystem, snapshots}): DestroyReply => {
      calls.push(`${side} ${filesystem}@${snapshots.map(({name}) => name).join(',')}`)
      return {filesystem, outcomes: snapshots.map(({name}) => answer(name))}
    })
  const senderEndpoint: Sender = {
    observe: async (_, confirm) => {
      if (confirm !== undefined) confirms.push(confirm.join(' '))
      return {
        jobId: PUSH,
        missing,
        ...(confirm === undefined ? {} : {absent: confirm.filter((name) => world.absent?.includes(name))}),
        clockMs: NOW,
        maxStreams: 1,
        compressions: [],
        filesystems: sender,
      }
    },
    estimateDestroy: async (_, requests) => requests.map(() => 1024n),
    destroySnapshots: destroys('sender'),
    estimate: unexpected,
    protect: unexpected,
    complete: unexpected,
  }
  const receiverEndpoint: Receiver = {
    observe: async (_, confirm) => {
      if (confirm !== undefined) confirmsThere.push(confirm.join(' '))
      if (receiver === undefined) throw new OperationalError('peer-unreachable', 'no route to host')
      return {
        jobId: SINK,
        missing: [],
        clockMs: world.receiverClockMs ?? NOW,
        maxStreams: 1,
        compressions: [],
        filesystems: receiver,
      }
    },
    estimateDestroy: async () => {
      throw new OperationalError('peer-unreachable', 'gone')
    },
    destroySnapshots: destroys('receiver'),
    abortPartial: unexpected,
    setAside: unexpected,
    holdLastReceived: unexpected,
  }
  const base = createTestContext()
  const ctx = {...base, clock: {...base.clock, now: () => NOW, monotonic: () => calls.length}}
  const watchdog = createWatchdog(ctx.clock, {idleMs: undefined, movedBytes: () => undefined})
  const outcome = await prunePhase(
    ctx,
    {
      sender: senderEndpoint,
      receiver: receiverEndpoint,
      replicate: {transfer: unexpected, policy: policy()},
      watchdog,
      beside: {
        job: 'push',
        announce: unexpected as never,
        others: () => looks.shift() ?? beside[1],
      },
      prune: {keepSender: rules, keepReceiver: rules, policy: {...UNLIMITED, ...world.policy}},
    },
    {
      sender: createLook(ctx, 'sender', senderEndpoint),
      receiver: createLook(ctx, 'receiver', receiverEndpoint),
    },
    undefined,
    {dryRun: world.dryRun ?? false, yesLargePrune: world.yesLargePrune ?? false},
  )
  return {calls, confirms, confirmsThere, state: watchdog.board.state(), ...outcome}
}

/** `a kept` of every snapshot of a side. */
function states(report: PruneReport | undefined): readonly string[] {
  return (report?.filesystems ?? []).flatMap(({filesystem, state, because, snapshots}) => [
    ...(state === 'skipped' ? [`${filesystem} skipped: ${because}`] : []),
    ...snapshots.map(({name, state}) => `${name} ${state}`),
  ])
}

const ABC = `@a,1,1,${990 * DAY} @b,2,2,${991 * DAY} @c,3,3,${992 * DAY}`

test('both sides are pruned, the sender first, each filesystem in one request', async () => {
  const {calls, pruneSender, pruneReceiver} = await phase({sender: [view(ABC)], receiver: [view(ABC)]})
  expect(calls).toEqual(['sender tank/a@a,b', 'receiver tank/a@a,b'])
  expect(states(pruneSender)).toEqual(['a destroyed', 'b destroyed', 'c kept'])
  expect(states(pruneReceiver)).toEqual(['a destroyed', 'b destroyed', 'c kept'])
})

test('each answer in which something went well is progress; one in which nothing did is an error state', async () => {
  const busy: Outcome = {kind: 'failed', failure: {kind: 'busy', message: 'it is being held'}}
  const both = {sender: [view(ABC)], receiver: [view(ABC)]}
  const some = await phase({...both, answer: (name) => (name === 'a' ? busy : {kind: 'done'})})
  expect(some.state).toMatchObject({phase: 'prune-receiver', progressAtMs: 2, error: undefined})
  const none = await phase({...both, answer: () => busy})
  expect(none.state).toMatchObject({phase: 'prune-receiver', progressAtMs: 1, error: 'it is being held'})
})

test('a dry run asks nobody to destroy anything', async () => {
  const {calls, pruneSender, pruneReceiver} = await phase({
    sender: [view(ABC)],
    receiver: [view(ABC)],
    dryRun: true,
  })
  expect(calls).toEqual([])
  expect(states(pruneSender)).toEqual(['a doomed', 'b doomed', 'c kept'])
  expect(pruneSender?.filesystems[0]?.freedBytes).toBe('1024')
  expect(pruneReceiver?.filesystems[0]).not.toHaveProperty('freedBytes')
  expect(pruneSender?.filesystems[0]?.snapshots.slice(1)).toEqual([
    {
      name: 'b',
      state: 'doomed',
      because: 'destroyed: last_n 1: not among the newest',
      creation: '1972-09-18T00:00:00.000Z',
      reasons: [{kind: 'last_n', rule: 'last_n 1', text: 'last_n 1: not among the newest'}],
    },
    {
      name: 'c',
      state: 'kept',
      because: 'kept: newest snapshot; kept: last common version; kept by last_n 1',
      creation: '1972-09-19T00:00:00.000Z',
      reasons: [
        {kind: 'newest', text: 'kept: newest snapshot', until: 'until there is a newer one'},
        {kind: 'last-common', text: 'kept: last common version', until: 'until a newer one is replicated'},
        {kind: 'last_n', rule: 'last_n 1', text: 'kept by last_n 1', until: 'until 1 newer one is taken'},
      ],
    },
  ])
})

test('without the receiver only what the cursor proves to be replicated goes', async () => {
  const {calls, pruneReceiver} = await phase({sender: [view(`${ABC} ${cursor(2)}`)]})
  expect(calls).toEqual(['sender tank/a@a'])
  expect(pruneReceiver?.error).toMatchObject({code: 'peer-unreachable'})
  expect((await phase({sender: [view(ABC)]})).calls).toEqual([])
})

test('guarantee_nothing leaves no cursor, and is pruned all the same when the receiver is there', async () => {
  const {calls} = await phase({sender: [view(ABC)], receiver: [view('@a,1 @b,2')]})
  expect(calls).toEqual(['sender tank/a@a', 'receiver tank/a@a'])
})

describe('where pruning and replication want the same snapshot', () => {
  const waiting: World = {
    sender: [view(`@a,1 @b,2 @c,3 @d,4 ${cursor(1)}`)],
    receiver: [view('@a,1')],
    rules: [lastN(1)],
  }

  test('it is kept', async () => {
    const {calls, pruneSender} = await phase(waiting)
    expect(calls).toEqual([])
    expect(pruneSender?.filesystems[0]?.snapshots.map(({because}) => because)).toEqual([
      'kept: last common version; kept: needed by step @a -> @b',
      'kept: needed by step @a -> @b; kept: needed by step @b -> @c',
      'kept: needed by step @b -> @c; kept: needed by step @c -> @d',
      'kept: newest snapshot; kept: needed by step @c -> @d; kept by last_n 1',
    ])
  })

  test('or destroyed where space matters more, as far as a bookmark can replace it', async () => {
    expect((await phase({...waiting, policy: {onConflict: 'destroy'}})).calls).toEqual([
      'sender tank/a@a,b,c',
    ])
    const noCursor = {
      ...waiting,
      sender: [view('@a,1 @b,2 @c,3 @d,4')],
      policy: {onConflict: 'destroy'} as const,
    }
    expect((await phase(noCursor)).calls).toEqual(['sender tank/a@b,c'])
  })
})

test.each([false, true])(
  'a dataset the job names that is missing has failed, dry run: %s',
  async (dryRun) => {
    const {pruneSender, pruneReceiver} = await phase({
      sender: [view(ABC)],
      receiver: [view(ABC)],
      missing: [parseDatasetName('tank/nope')],
      dryRun,
    })
    expect(pruneSender?.filesystems.map(({filesystem, state}) => `${filesystem} ${state}`)).toEqual([
      'tank/nope failed',
      `tank/a ${dryRun ? 'planned' : 'done'}`,
    ])
    expect(pruneSender?.filesystems[0]?.error?.code).toBe('dataset-missing')
    expect(pruneReceiver?.filesystems.map(({filesystem}) => filesystem)).toEqual(['tank/a'])
  },
)

describe('what is gone on the sender', () => {
  const sender = [view(ABC)]
  const copy = (name: string) => view(ABC, {name, holds: {c: 'zrepl_last_received_J_sink'}})
  const receiver = [view(ABC), copy('tank/gone')]
  const absent = ['tank/gone']
  const goneFor = (days: number) => ({goneAfterMs: days * DAY * 1000})

  test.each<[string, Partial<World>, readonly string[], readonly string[]]>([
    ['is left alone', {absent}, [], []],
    [
      'is pruned when it is old enough and the sender says so',
      {policy: goneFor(7), absent},
      ['receiver tank/gone@a,b'],
      ['tank/gone'],
    ],
    [
      'is left alone when the sender does not say so, which it is asked once',
      {policy: goneFor(7)},
      [],
      ['tank/gone'],
    ],
    ['is left alone while its newest snapshot is young', {policy: goneFor(9), absent}, [], []],
    [
      'is left alone while a root of the job is missing',
      {policy: goneFor(7), absent, missing: [view('').filesystem]},
      [],
      [],
    ],
    ['is left alone when the sender shows nothing at all', {policy: goneFor(7), absent, sender: []}, [], []],
    [
      'keeps its newest snapshot whatever the rules say',
      {policy: goneFor(7), absent, rules: [regex('^x')]},
      ['receiver tank/gone@a,b'],
      ['tank/gone'],
    ],
    ['is not asked for where nothing would go', {policy: goneFor(7), absent, rules: [regex('.')]}, [], []],
  ])('%s', async (_, more, expected, asked) => {
    const {calls, confirms} = await phase({sender, receiver, ...more})
    expect(calls.filter((call) => call.includes('gone'))).toEqual(expected)
    expect(confirms).toEqual(asked)
  })

  test('is asked for all at once; the sender says so again when it lists others', async () => {
    const remembered = [view(ABC), view(ABC, {name: 'tank/r', remembered: true})]
    const {calls, confirms} = await phase({
      sender: remembered,
      receiver: [view(ABC), view(ABC, {name: 'tank/r'}), copy('tank/gone'), copy('tank/beside')],
      policy: goneFor(7),
      absent,
    })
    expect(confirms).toEqual(['tank/r tank/gone tank/beside'])
    expect(calls.filter((call) => call.startsWith('receiver'))).toEqual([
      'receiver tank/a@a,b',
      'receiver tank/r@a,b',
      'receiver tank/gone@a,b',
    ])
  })

  test('and remembered is listed before any of it goes', async () => {
    const {calls, confirmsThere} = await phase({
      sender,
      receiver: [view(ABC), {...copy('tank/gone'), remembered: true}],
      policy: goneFor(7),
      absent,
    })
    expect(confirmsThere).toEqual(['tank/gone'])
    expect(calls).toContain('receiver tank/gone@a,b')
  })
})

describe('the brake', () => {
  test('stops one side at a time, and says how to go on', async () => {
    const {calls, pruneSender, pruneReceiver} = await phase({
      sender: [view(ABC)],
      receiver: [view('@b,2 @c,3')],
      policy: {limit: {count: 1, percent: 90}},
    })
    expect(calls).toEqual(['receiver tank/a@b'])
    expect(pruneSender?.error).toEqual({
      code: 'large-prune',
      message:
        "nothing is destroyed: 2 of 3 snapshots would be destroyed, most of them of 'tank/a': more than 1",
      hint: 'look at it with zrepl plan; if it is right, run once with --yes-large-prune or raise pruning.limit',
    })
    expect(states(pruneSender)).toEqual(['a doomed', 'b doomed', 'c kept'])
    expect(pruneReceiver?.error).toBeUndefined()
  })

  test('gives way to a person', async () => {
    const limit = {count: 1, percent: 90}
    const {calls} = await phase({
      sender: [view(ABC)],
      receiver: [view(ABC)],
      policy: {limit},
      yesLargePrune: true,
    })
    expect(calls).toEqual(['sender tank/a@a,b', 'receiver tank/a@a,b'])
  })
})

describe('a clock that is far off', () => {
  test('on the other side: nothing is destroyed on either', async () => {
    const {calls, pruneSender, pruneReceiver} = await phase({
      sender: [view(ABC)],
      receiver: [view(ABC)],
      receiverClockMs: NOW + 3 * DAY * 1000,
    })
    expect(calls).toEqual([])
    expect(pruneSender?.error?.message).toBe(
      'nothing is destroyed: the clock of the other side is 3d ahead of ours',
    )
    expect(pruneReceiver?.error?.code).toBe('clock')
  })

  test('when the latest snapshots were taken: that filesystem waits for a person, the others do not', async () => {
    const jumped = view(
      `${ABC} @z,4,4,${999 * DAY}`
        .replaceAll(`${990 * DAY}`, String(100 * DAY))
        .replaceAll(`${991 * DAY}`, String(101 * DAY))
        .replaceAll(`${992 * DAY}`, String(102 * DAY)),
      {name: 'tank/j'},
    )
    const world = {sender: [view(ABC), jumped], receiver: [view(ABC)], rules: [lastN(2)] as const}
    const {calls, pruneSender} = await phase(world)
    expect(calls).toEqual(['sender tank/a@a', 'receiver tank/a@a'])
    expect(states(pruneSender)[0 + 3]).toContain(
      'tank/j skipped: its latest snapshots are dated months after all others',
    )
    expect((await phase({...world, yesLargePrune: true})).calls).toContain('sender tank/j@a,b')
  })
})

test('what cannot be destroyed is told as what it is', async () => {
  const failures: Record<string, Outcome> = {
    a: {kind: 'failed', failure: {kind: 'held', message: "it's being held"}},
    b: {kind: 'failed', failure: {kind: 'refused', message: 'refused by the retention floor'}},
    c: {kind: 'failed', failure: {kind: 'permission', message: 'permission denied'}},
  }
  const {pruneSender} = await phase({
    sender: [view('@a,1 @b,2 @c,3 @d,4'), view('@x,1 @y,2', {name: 'tank/b'})],
    receiver: [view('@d,4'), view('@y,2', {name: 'tank/b'})],
    answer: (name) => failures[name] ?? {kind: 'done'},
  })
  expect(pruneSender?.filesystems.map(({filesystem, state}) => `${filesystem} ${state}`)).toEqual([
    'tank/a failed',
    'tank/b done',
  ])
  expect(states(pruneSender)).toEqual(['a kept', 'b refused', 'c failed', 'd kept', 'x destroyed', 'y kept'])
})

test('what was destroyed before the run was stopped is told, on both sides', async () => {
  const many = Array.from({length: 2002}, (_, index) => `@s${index},${index + 1}`).join(' ')
  const small = view(ABC, {name: 'tank/b'})
  const stopped = {code: 'stopped', message: 'stopped by SIGTERM'}
  const {pruneSender, pruneReceiver} = await phase({
    sender: [view(many), small],
    receiver: [view('@s2001,2002'), small],
    answer: (name) => {
      if (name === 'a') throw new Stopped('stopped by SIGTERM')
      return {kind: 'done'}
    },
  })
  expect(pruneSender?.error).toEqual(stopped)
  expect(pruneSender?.filesystems.map(({filesystem, snapshots}) => [filesystem, snapshots[0]])).toEqual([
    ['tank/a', {name: 's0', state: 'destroyed', because: expect.any(String)}],
  ])
  expect(pruneReceiver).toEqual({filesystems: [], error: stopped})
})

describe('a replication that runs beside this', () => {
  const plan = (guid: number) =>
    `${JSON.stringify({version: 1, job: 'other', steps: [{step: 'tank/a @x -> @b', guids: [String(guid)]}]})}\n`
  const world = {sender: [view(ABC)], receiver: [view(ABC)]}

  test('keeps what it needs, on both sides, also where space matters more', async () => {
    for (const onConflict of ['keep', 'destroy'] as const) {
      const {calls, pruneSender} = await phase({
        ...world,
        beside: [[plan(2)], [plan(2)]],
        policy: {onConflict},
      })
      expect(calls).toEqual(['sender tank/a@a', 'receiver tank/a@a'])
      expect(pruneSender?.filesystems[0]?.snapshots[1]?.because).toBe(
        "kept: needed by step tank/a @x -> @b of job 'other', which is running",
      )
    }
  })

  test('is seen when it begins between the judgement and the deed', async () => {
    const {calls, pruneSender} = await phase({...world, beside: [[], [plan(1)]]})
    expect(calls).toEqual(['sender tank/a@b', 'receiver tank/a@b'])
    expect(pruneSender?.filesystems[0]?.snapshots[0]).toEqual({
      name: 'a',
      state: 'kept',
      because: "kept: needed by step tank/a @x -> @b of job 'other', which has just begun",
    })
  })

  test.each([
    '',
    '{}',
    '{"version":2,"job":"x","steps":[]}',
    '{"version":1,"job":"x","steps":[{"guids":["x"]}]}',
    '{"version":1,"job":"x","steps":[{}]}',
  ])('whose plan is not understood stops pruning: %s', async (text) => {
    await expect(phase({...world, beside: [[text], []]})).rejects.toMatchObject({code: 'host'})
  })
})
