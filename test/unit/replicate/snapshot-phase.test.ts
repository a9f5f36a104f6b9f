import {expect, test} from 'vitest'
import type {LocalSender} from '../../../src/lib/endpoint/sender.ts'
import type {FilesystemView} from '../../../src/lib/endpoint/view.ts'
import type {SnapshotPolicy} from '../../../src/lib/plan/policy.ts'
import {createLook} from '../../../src/lib/replicate/look.ts'
import {snapshotPhase} from '../../../src/lib/replicate/snapshot-phase.ts'
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
}
const NOW = Date.UTC(2026, 5, 1)

const DONE: SnapshotOutcome = {kind: 'done'}
const EXISTS: SnapshotOutcome = {kind: 'failed', failure: {kind: 'exists', message: 'it exists'}}
const WITH_IT: SnapshotOutcome = {kind: 'failed', failure: {kind: 'exists', message: 'not taken, as all'}}

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
    observe: async () => ({jobId: PUSH, missing: [], filesystems: looks.next().value ?? []}),
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
    destroySnapshots: unexpected,
    prepareSend: unexpected,
  }
  return {sender, calls}
}

async function phase(
  {sender}: {readonly sender: LocalSender},
  policy: SnapshotPolicy = HOURLY,
  wanted: 'due' | {readonly name: string} = 'due',
  dryRun = false,
) {
  const base = createTestContext()
  const ctx = {...base, clock: {...base.clock, now: () => NOW}}
  return await snapshotPhase(ctx, {sender, policy}, createLook(ctx, 'sender', sender), {dryRun, wanted})
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
  const {report} = await phase(fake, HOURLY, {name: 'mine'})
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
  const {report} = await phase(fake, HOURLY, 'due', true)
  expect(fake.calls).toEqual([])
  expect(report.filesystems).toEqual([{filesystem: 'tank/a', state: 'planned', snapshot: 'zrepl_2026'}])
})
