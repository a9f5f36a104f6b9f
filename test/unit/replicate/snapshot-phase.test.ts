import {describe, expect, test} from 'vitest'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {LocalSender} from '../../../src/lib/endpoint/sender.ts'
import type {FilesystemView} from '../../../src/lib/endpoint/view.ts'
import type {Hook} from '../../../src/lib/hook/hook.ts'
import type {WantedSnapshots} from '../../../src/lib/plan/due.ts'
import type {CommandHook, SnapshotHook} from '../../../src/lib/plan/hook-policy.ts'
import type {SnapshotPolicy} from '../../../src/lib/plan/policy.ts'
import type {HookWork} from '../../../src/lib/replicate/job-work.ts'
import {createLook} from '../../../src/lib/replicate/look.ts'
import {snapshotPhase} from '../../../src/lib/replicate/snapshot-phase.ts'
import {statusOf} from '../../../src/lib/report/exit-status.ts'
import type {HookReport} from '../../../src/lib/report/report.ts'
import {parseFilter} from '../../../src/lib/scope/filter.ts'
import type {SnapshotOutcome} from '../../../src/lib/zfs/client.ts'
import type {DatasetName} from '../../../src/lib/zfs/name.ts'
import {PUSH, view} from '../plan/views.ts'
import {createTestContext} from '../test-context.ts'

const HOURLY: SnapshotPolicy = {
  type: 'periodic',
  prefix: 'zrepl_',
  intervalMs: 3_600_000,
  timestamp: {format: 'layout', layout: '2006', location: 'UTC'},
  minWritten: undefined,
  hooks: [],
}
const NOW = Date.UTC(2026, 5, 1)

const DONE: SnapshotOutcome = {kind: 'done'}
const EXISTS: SnapshotOutcome = {kind: 'failed', failure: {kind: 'exists', message: 'it exists'}}
const BUSY: SnapshotOutcome = {kind: 'failed', failure: {kind: 'busy', message: 'it is busy'}}
const WITH_IT: SnapshotOutcome = {kind: 'failed', failure: {kind: 'exists', message: 'not taken, as all'}}

const NO_HOOKS: HookWork = {
  job: 'push',
  phases: [],
  create: () => {
    throw new Error('no hook is expected')
  },
}

type Call = `${string}: ${string}`

/** A sender that shows one listing after the other, and answers each round of snapshots as told. */
function scripted(
  listings: readonly (readonly FilesystemView[])[],
  answers: readonly (readonly SnapshotOutcome[])[],
  written: ReadonlyMap<DatasetName, bigint> = new Map(),
) {
  const calls: Call[] = []
  const looks = listings.values()
  const rounds = answers.values()
  const unexpected = async () => {
    throw new Error('not expected')
  }
  const sender: LocalSender = {
    observe: async () => ({
      jobId: PUSH,
      missing: [],
      clockMs: NOW,
      maxStreams: 1,
      compressions: [],
      filesystems: looks.next().value ?? [],
    }),
    written: async (_, filesystems) => {
      calls.push(`written: ${filesystems.join(' ')}`)
      return written
    },
    takeSnapshots: async (_, filesystems, name) => {
      calls.push(`${name}: ${filesystems.join(' ')}`)
      return rounds.next().value ?? []
    },
    estimate: unexpected,
    protect: unexpected,
    complete: unexpected,
    estimateDestroy: unexpected,
    destroySnapshots: unexpected,
    prepareSend: unexpected,
  }
  return {sender, calls}
}

async function phase(
  {sender}: {readonly sender: LocalSender},
  policy: SnapshotPolicy = HOURLY,
  {
    wanted = 'due',
    dryRun = false,
    signal,
    reports = [],
    hooks = NO_HOOKS,
  }: {
    wanted?: WantedSnapshots
    dryRun?: boolean
    signal?: AbortSignal
    reports?: HookReport[]
    hooks?: HookWork
  } = {},
) {
  const base = createTestContext([], signal)
  const ctx = {...base, clock: {...base.clock, now: () => NOW}}
  return await snapshotPhase(
    ctx,
    {sender, policy, hooks},
    createLook(ctx, 'sender', sender),
    {dryRun, wanted},
    reports,
  )
}

const at = (name: string, history = '') => view(history, {name})

test('a round is one call, and the report says of which pools it is consistent', async () => {
  const fake = scripted(
    [[at('tank/a'), at('tank/b'), at('dozer/c')]],
    [[{...DONE, transaction: 0}, {...DONE, transaction: 1}, DONE]],
  )
  const {report, warnings} = await phase(fake)
  expect(fake.calls).toEqual(['zrepl_2026: tank/a tank/b dozer/c'])
  expect(report).toEqual({
    name: 'zrepl_2026',
    filesystems: ['dozer/c', 'tank/a', 'tank/b'].map((filesystem) => ({
      filesystem,
      state: 'taken',
      snapshot: 'zrepl_2026',
    })),
    pools: [
      {pool: 'tank', snapshots: 2, transactions: 2, consistent: false},
      {pool: 'dozer', snapshots: 1, transactions: 1, consistent: true},
    ],
  })
  expect(warnings).toEqual([expect.stringMatching(/^the 2 snapshots of pool 'tank' were taken in 2 trans/)])
})

test('a name that somebody takes in between costs another name, on that pool only', async () => {
  const fake = scripted(
    [
      [at('tank/a'), at('tank/b'), at('dozer/c')],
      [at('tank/a', '@zrepl_2026,1,1,1'), at('tank/b'), at('dozer/c', '@zrepl_2026,2')],
    ],
    [
      [EXISTS, WITH_IT, DONE],
      [DONE, DONE],
    ],
  )
  const {report} = await phase(fake)
  expect(fake.calls).toEqual(['zrepl_2026: tank/a tank/b dozer/c', 'zrepl_2026_1: tank/a tank/b'])
  expect(report.filesystems.map(({filesystem, state, snapshot}) => [filesystem, state, snapshot])).toEqual([
    ['dozer/c', 'taken', 'zrepl_2026'],
    ['tank/a', 'taken', 'zrepl_2026_1'],
    ['tank/b', 'taken', 'zrepl_2026_1'],
  ])
})

test('what somebody else has just snapshotted under the prefix is not due any more', async () => {
  const justTaken = `@zrepl_2026,1,1,${NOW / 1000 - 1}`
  const fake = scripted(
    [
      [at('tank/a'), at('tank/b')],
      [at('tank/a', justTaken), at('tank/b')],
    ],
    [[EXISTS, WITH_IT], [DONE]],
  )
  const {report} = await phase(fake)
  expect(fake.calls).toEqual(['zrepl_2026: tank/a tank/b', 'zrepl_2026: tank/b'])
  expect(report.filesystems.map(({state}) => state)).toEqual(['not-due', 'taken'])
})

test('it gives up where somebody is always faster', async () => {
  const fake = scripted(Array(4).fill([at('tank/a')]), Array(4).fill([EXISTS]))
  const {report} = await phase(fake)
  expect(fake.calls).toHaveLength(3)
  expect(report.filesystems).toEqual([
    {filesystem: 'tank/a', state: 'failed', error: {code: 'snapshot-failed', message: 'it exists'}},
  ])
})

test('a name that a person chose is not changed', async () => {
  const fake = scripted([[at('tank/a')]], [[EXISTS]])
  const {report} = await phase(fake, HOURLY, {wanted: {name: 'mine'}})
  expect(fake.calls).toEqual(['mine: tank/a'])
  expect(report.filesystems[0]?.state).toBe('failed')
})

test('how much was written is asked of those that are due, and only with a threshold', async () => {
  const policy = {...HOURLY, minWritten: 10n}
  const old = '@zrepl_1,1,1,1'
  const listing = [[at('tank/a', old), at('tank/b', `@zrepl_1,1,1,${NOW / 1000}`)]]
  const a = listing[0]?.[0]?.filesystem as DatasetName
  const fake = scripted(listing, [], new Map([[a, 9n]]))
  const {report} = await phase(fake, policy)
  expect(fake.calls).toEqual(['written: tank/a'])
  expect(report.filesystems).toMatchObject([
    {filesystem: 'tank/a', state: 'unwritten', because: '9 B written since the newest snapshot'},
    {filesystem: 'tank/b', state: 'not-due'},
  ])
})

test('a dry run takes nothing', async () => {
  const fake = scripted([[at('tank/a')]], [])
  const {report} = await phase(fake, HOURLY, {dryRun: true})
  expect(fake.calls).toEqual([])
  expect(report.filesystems).toEqual([{filesystem: 'tank/a', state: 'planned', snapshot: 'zrepl_2026'}])
})

/** Hooks named after their paths that write down what is done to them; `fails` names edges that fail, `pre /b` say. */
function hookPolicy(...hooks: readonly (Partial<SnapshotHook & CommandHook> & {path: string})[]) {
  return {
    ...HOURLY,
    hooks: hooks.map((hook) => ({
      type: 'command' as const,
      args: [],
      per: 'filesystem' as const,
      filesystems: parseFilter(new Map([['<', true]])),
      errIsFatal: false,
      timeoutMs: 10_000,
      ...hook,
    })) as readonly SnapshotHook[],
  }
}

function recordedHooks(calls: string[], fails: readonly string[] = []): HookWork {
  return {
    ...NO_HOOKS,
    create: (hook, {filesystems, around}): Hook => {
      const name = `${hook.type === 'command' ? hook.path : hook.type} ${around === 'round' ? 'round ' : ''}${filesystems.join('+')}`
      const edge = async (text: string) => {
        calls.push(text)
        if (fails.includes(text)) throw new OperationalError('hook-failed', `${text} failed`)
      }
      return {
        before: () => edge(`pre ${name}`),
        after: (_, outcome) => edge(`post ${name} ${outcome}`),
      }
    },
  }
}

describe('hooks', () => {
  const listing = () => [[at('tank/a'), at('tank/b')]]
  const two = hookPolicy({path: '/x'}, {path: '/r', per: 'round'})

  test('run in order before, in reverse after, once per filesystem or per round', async () => {
    const fake = scripted(listing(), [[DONE, DONE]])
    const reports: HookReport[] = []
    const {report} = await phase(fake, two, {hooks: recordedHooks(fake.calls), reports})
    expect(fake.calls).toEqual([
      'pre /x tank/a',
      'pre /x tank/b',
      'pre /r round tank/a+tank/b',
      'zrepl_2026: tank/a tank/b',
      'post /r round tank/a+tank/b ok',
      'post /x tank/b ok',
      'post /x tank/a ok',
    ])
    expect(report.filesystems.map(({state}) => state)).toEqual(['taken', 'taken'])
    expect(reports.map(({hook, edge, state, filesystems}) => [hook, edge, state, filesystems])).toEqual([
      ['/x', 'before', 'ok', ['tank/a']],
      ['/x', 'before', 'ok', ['tank/b']],
      ['/r', 'before', 'ok', ['tank/a', 'tank/b']],
      ['/r', 'after', 'ok', ['tank/a', 'tank/b']],
      ['/x', 'after', 'ok', ['tank/b']],
      ['/x', 'after', 'ok', ['tank/a']],
    ])
  })

  test('one that fails before runs not after; the snapshot is taken', async () => {
    const fake = scripted(listing(), [[DONE, DONE]])
    const reports: HookReport[] = []
    const hooks = recordedHooks(fake.calls, ['pre /x tank/a'])
    const {report} = await phase(fake, hookPolicy({path: '/x'}), {hooks, reports})
    expect(fake.calls).toEqual([
      'pre /x tank/a',
      'pre /x tank/b',
      'zrepl_2026: tank/a tank/b',
      'post /x tank/b ok',
    ])
    expect(report.filesystems.map(({state}) => state)).toEqual(['taken', 'taken'])
    expect(reports[0]).toMatchObject({
      state: 'failed',
      error: {code: 'hook-failed', message: 'pre /x tank/a failed'},
    })
    expect(statusOf({snapshot: report, hooks: reports})).toBe(1)
  })

  test('a fatal failure costs its filesystem the snapshot, and those that ran before it run after', async () => {
    const fake = scripted(listing(), [[DONE]])
    const reports: HookReport[] = []
    const hooks = recordedHooks(fake.calls, ['pre /b tank/a'])
    const policy = hookPolicy({path: '/a'}, {path: '/b', errIsFatal: true}, {path: '/c'})
    const {report} = await phase(fake, policy, {hooks, reports})
    expect(fake.calls).toEqual([
      'pre /a tank/a',
      'pre /a tank/b',
      'pre /b tank/a',
      'pre /b tank/b',
      'pre /c tank/b',
      'zrepl_2026: tank/b',
      'post /c tank/b error',
      'post /b tank/b error',
      'post /a tank/b error',
      'post /a tank/a error',
    ])
    expect(report.filesystems).toMatchObject([
      {filesystem: 'tank/a', state: 'failed', error: {code: 'hook-failed'}},
      {filesystem: 'tank/b', state: 'taken'},
    ])
    expect(reports.filter(({state}) => state === 'skipped')).toEqual([
      {
        hook: '/c',
        around: 'filesystem',
        edge: 'before',
        filesystems: ['tank/a'],
        state: 'skipped',
        because: 'pre /b tank/a failed',
      },
    ])
  })

  test('a fatal failure of a round hook leaves nothing to snapshot', async () => {
    const fake = scripted(listing(), [])
    const hooks = recordedHooks(fake.calls, ['pre /r round tank/a+tank/b'])
    const policy = hookPolicy({path: '/x'}, {path: '/r', per: 'round', errIsFatal: true})
    const {report} = await phase(fake, policy, {hooks})
    expect(fake.calls.slice(2)).toEqual([
      'pre /r round tank/a+tank/b',
      'post /x tank/b error',
      'post /x tank/a error',
    ])
    expect(report.name).toBe('zrepl_2026')
    expect(report.filesystems.map(({error}) => error?.code)).toEqual(['hook-failed', 'hook-failed'])
  })

  test('after a snapshot that failed they run, and a failure there is told', async () => {
    const fake = scripted([[at('tank/a')]], [[BUSY]])
    const reports: HookReport[] = []
    const hooks = recordedHooks(fake.calls, ['post /x tank/a error'])
    await phase(fake, hookPolicy({path: '/x'}), {hooks, reports})
    expect(fake.calls).toEqual(['pre /x tank/a', 'zrepl_2026: tank/a', 'post /x tank/a error'])
    expect(reports.map(({edge, state}) => `${edge} ${state}`)).toEqual(['before ok', 'after failed'])
  })

  test('when the run is stopped, what was begun is ended, and nothing else is begun', async () => {
    const stop = new AbortController()
    const fake = scripted(listing(), [])
    const hooks: HookWork = {
      ...NO_HOOKS,
      create: (_, {filesystems: [filesystem]}) => ({
        async before(ctx) {
          fake.calls.push(`pre: ${filesystem}`)
          if (filesystem === 'tank/b') stop.abort(new Stopped('SIGTERM'))
          ctx.signal.throwIfAborted()
        },
        async after(ctx) {
          fake.calls.push(`post: ${filesystem} ${ctx.signal.aborted}`)
        },
      }),
    }
    await expect(phase(fake, hookPolicy({path: '/x'}), {hooks, signal: stop.signal})).rejects.toBeInstanceOf(
      Stopped,
    )
    expect(fake.calls).toEqual(['pre: tank/a', 'pre: tank/b', 'post: tank/a false'])
  })

  test('one that takes too long has failed', async () => {
    const fake = scripted([[at('tank/a')]], [])
    const reports: HookReport[] = []
    const hooks: HookWork = {
      ...NO_HOOKS,
      create: () => ({
        before: ({signal}) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason), {once: true})
          }),
        async after() {},
      }),
    }
    await phase(fake, hookPolicy({path: '/x', timeoutMs: 20, errIsFatal: true}), {hooks, reports})
    expect(reports).toMatchObject([
      {
        edge: 'before',
        state: 'failed',
        error: {code: 'deadline', message: expect.stringContaining('did not end within 20ms')},
      },
    ])
  })

  test('a dry run runs none and shows all', async () => {
    const fake = scripted(listing(), [])
    const reports: HookReport[] = []
    const {report} = await phase(fake, two, {hooks: recordedHooks(fake.calls), dryRun: true, reports})
    expect(fake.calls).toEqual([])
    expect(report.filesystems.map(({state}) => state)).toEqual(['planned', 'planned'])
    expect(reports.map(({hook, edge, state}) => `${hook} ${edge} ${state}`)).toEqual([
      '/x before planned',
      '/x before planned',
      '/r before planned',
      '/r after planned',
      '/x after planned',
      '/x after planned',
    ])
  })

  test('run only where a snapshot is due, and one that means nothing of the job is named', async () => {
    const fake = scripted([[at('tank/a'), at('tank/b', `@zrepl_1,1,1,${NOW / 1000}`)]], [[DONE]])
    const none = parseFilter(new Map([['dozer<', true]]))
    const policy = hookPolicy({path: '/x'}, {path: '/idle', filesystems: none})
    const {warnings} = await phase(fake, policy, {hooks: recordedHooks(fake.calls)})
    expect(fake.calls).toEqual(['pre /x tank/a', 'zrepl_2026: tank/a', 'post /x tank/a ok'])
    expect(warnings).toEqual(["the hook '/idle' means none of the job's filesystems"])
  })
})
