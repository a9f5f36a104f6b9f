import {describe, expect, test} from 'vitest'
import type {JobId} from '../../../src/lib/abstraction/job-id.ts'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {Receiver} from '../../../src/lib/endpoint/receiver.ts'
import type {Sender} from '../../../src/lib/endpoint/sender.ts'
import type {CreateHook} from '../../../src/lib/hook/hook.ts'
import {createClock} from '../../../src/lib/host/clock.ts'
import type {PhaseHook} from '../../../src/lib/plan/hook-policy.ts'
import type {JobWork} from '../../../src/lib/replicate/job-work.ts'
import {runJob} from '../../../src/lib/replicate/run-job.ts'
import {createWatchdog} from '../../../src/lib/replicate/watchdog.ts'
import {PUSH, policy, SINK} from '../plan/views.ts'
import {createTestContext} from '../test-context.ts'

const hook = (path: string, around: PhaseHook['around'], errIsFatal = false): PhaseHook => ({
  type: 'command',
  path,
  args: [],
  around,
  errIsFatal,
  timeoutMs: 10_000,
})

/** A pull job with nothing to do, which writes down what happens in which order. */
function job(phases: readonly PhaseHook[], fails: readonly string[] = []) {
  const calls: string[] = []
  const refuse = async () => {
    throw new Error('not expected')
  }
  const observe = (side: string, jobId: JobId) => async () => {
    calls.push(`see ${side}`)
    return {jobId, missing: [], filesystems: [], clockMs: Date.now(), maxStreams: 1, compressions: []}
  }
  const sender: Sender = {
    observe: observe('sender', PUSH),
    estimate: refuse,
    protect: refuse,
    complete: refuse,
    estimateDestroy: refuse,
    destroySnapshots: refuse,
  }
  const receiver: Receiver = {
    observe: observe('receiver', SINK),
    abortPartial: refuse,
    holdLastReceived: refuse,
    setAside: refuse,
    estimateDestroy: refuse,
    destroySnapshots: refuse,
  }
  const create: CreateHook = (hook) => {
    const path = hook.type === 'command' ? hook.path : hook.type
    const edge = async (text: string) => {
      calls.push(text)
      if (fails.includes(text)) throw new OperationalError('hook-failed', `${text} failed`)
    }
    return {before: () => edge(`pre ${path}`), after: (_, outcome) => edge(`post ${path} ${outcome}`)}
  }
  const work: JobWork = {
    sender,
    receiver,
    snapshot: undefined,
    replicate: {transfer: refuse, policy: policy()},
    prune: undefined,
    hooks: {job: 'pull', phases, create},
    watchdog: createWatchdog(createClock(), {idleMs: undefined, movedBytes: () => undefined}),
    beside: {job: 'pull', announce: () => ({withdraw() {}}), others: () => []},
  }
  const run = (dryRun = false, signal = new AbortController().signal) =>
    runJob(createTestContext([], signal), work, {
      phases: ['replicate', 'prune'],
      dryRun,
      sizes: false,
      yesLargePrune: false,
      wanted: 'due',
    })
  return {run, calls, work}
}

describe('hooks around phases', () => {
  test('wake the peer before it is asked anything', async () => {
    const {run, calls} = job([hook('/wake', 'replicate'), hook('/all', 'job'), hook('/never', 'snapshot')])
    const {hooks} = await run()
    expect(calls).toEqual([
      'pre /all',
      'pre /wake',
      'see sender',
      'see receiver',
      // No filesystem matches, which is an error.
      'post /wake error',
      'post /all error',
    ])
    expect(hooks?.map(({around, edge, state}) => `${around} ${edge} ${state}`)).toEqual([
      'job before ok',
      'replicate before ok',
      'replicate after ok',
      'job after ok',
    ])
  })

  test('one that fails fatally leaves its phase out', async () => {
    const {run, calls} = job([hook('/a', 'replicate'), hook('/wake', 'replicate', true)], ['pre /wake'])
    const {replicate, hooks} = await run()
    expect(replicate).toEqual({filesystems: [], error: {code: 'hook-failed', message: 'pre /wake failed'}})
    expect(calls).toEqual(['pre /a', 'pre /wake', 'post /a error'])
    expect(hooks?.[1]).toMatchObject({hook: '/wake', state: 'failed'})
  })

  test('one around the job leaves all of it out', async () => {
    const {run, calls} = job([hook('/a', 'job', true), hook('/b', 'replicate')], ['pre /a'])
    const {error, replicate} = await run()
    expect(error).toEqual({code: 'hook-failed', message: 'pre /a failed'})
    expect(replicate).toBeUndefined()
    expect(calls).toEqual(['pre /a'])
  })

  test('a failure that is not fatal is told, and nothing is left out', async () => {
    const {run, calls} = job([hook('/a', 'job')], ['pre /a'])
    const {error, hooks} = await run()
    expect(error).toBeUndefined()
    expect(hooks).toMatchObject([{edge: 'before', state: 'failed'}])
    expect(calls).toEqual(['pre /a', 'see sender', 'see receiver'])
  })

  test('a dry run runs none', async () => {
    const {run, calls} = job([hook('/a', 'job'), hook('/b', 'replicate')])
    const {hooks} = await run(true)
    expect(calls).toEqual(['see sender', 'see receiver'])
    expect(hooks?.map(({hook, edge, state}) => `${hook} ${edge} ${state}`)).toEqual([
      '/a before planned',
      '/a after planned',
      '/b before planned',
      '/b after planned',
    ])
  })
})

test('a run that is stopped between two phases tells what the first has done, and what its hooks did', async () => {
  const stop = new AbortController()
  const {run, calls, work} = job([hook('/all', 'job'), hook('/wake', 'replicate')])
  const beside = work.hooks.create
  Object.assign(work.hooks, {
    create: (...which: Parameters<CreateHook>) => {
      const made = beside(...which)
      return {
        ...made,
        after: async (...how: Parameters<typeof made.after>) => {
          await made.after(...how)
          stop.abort(new Stopped('stopped by SIGTERM'))
        },
      }
    },
  })
  const {replicate, error, hooks} = await run(false, stop.signal)
  expect(replicate?.filesystems).toEqual([])
  expect(error).toEqual({code: 'stopped', message: 'stopped by SIGTERM'})
  expect(calls.slice(-2)).toEqual(['post /wake error', 'post /all error'])
  expect(hooks?.map(({around, edge}) => `${around} ${edge}`)).toEqual([
    'job before',
    'replicate before',
    'replicate after',
    'job after',
  ])
})
