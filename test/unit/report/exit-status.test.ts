import {expect, test} from 'vitest'
import {statusOf, worstStatus} from '../../../src/lib/report/exit-status.ts'
import type {RunReport} from '../../../src/lib/report/report.ts'

const base: Omit<RunReport, 'exitStatus'> = {
  version: 1,
  job: 'j',
  type: 'push',
  dryRun: false,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:01.000Z',
  warnings: [],
}
const filesystem = (
  state: 'done' | 'conflict' | 'failed' | 'up-to-date' | 'skipped',
  code?: 'receive-failed' | 'peer-unreachable',
) => ({
  filesystem: 'p/a',
  state,
  steps: [],
  warnings: [],
  ...(code === undefined ? {} : {error: {code, message: 'm'}}),
})
const pruned = (state: 'kept' | 'destroyed' | 'failed') => ({
  filesystems: [
    {
      filesystem: 'p/a',
      state: state === 'failed' ? ('failed' as const) : ('done' as const),
      snapshots: [{name: 's', state, because: 'b'}],
    },
  ],
})

test.each<[string, Partial<RunReport>, number]>([
  ['nothing wrong', {}, 0],
  [
    'up to date, skipped and done',
    {replicate: {filesystems: [filesystem('up-to-date'), filesystem('skipped'), filesystem('done')]}},
    0,
  ],
  [
    'one filesystem failed',
    {replicate: {filesystems: [filesystem('done'), filesystem('failed', 'receive-failed')]}},
    1,
  ],
  ['one filesystem lost the peer', {replicate: {filesystems: [filesystem('failed', 'peer-unreachable')]}}, 3],
  ['a conflict', {replicate: {filesystems: [filesystem('conflict'), filesystem('done')]}}, 4],
  [
    'a conflict and a failure',
    {replicate: {filesystems: [filesystem('conflict'), filesystem('failed', 'receive-failed')]}},
    4,
  ],
  [
    'the peer could not be seen',
    {replicate: {filesystems: [], error: {code: 'peer-refused', message: 'm'}}},
    3,
  ],
  [
    'a snapshot failed',
    {
      snapshot: {
        filesystems: [{filesystem: 'p/a', state: 'failed', error: {code: 'snapshot-failed', message: 'm'}}],
      },
    },
    1,
  ],
  ['a snapshot was not destroyed', {pruneReceiver: pruned('failed')}, 1],
  ['a snapshot was kept', {pruneSender: pruned('kept')}, 0],
  ['the job is running already', {error: {code: 'job-busy', message: 'm'}}, 5],
  [
    'stopped',
    {error: {code: 'stopped', message: 'm'}, replicate: {filesystems: [filesystem('conflict')]}},
    6,
  ],
  ['a code of a newer peer', {error: {code: 'novel', message: 'm'}}, 70],
])('%s', (_, change, status) => {
  expect(statusOf({...base, ...change})).toBe(status)
})

test.each([
  [[0, 1, 4], 4],
  [[5, 1], 1],
  [[4, 3], 3],
  [[6, 2], 6],
  [[70, 6], 70],
  [[], 0],
] as const)('the worst of %j is %i', (statuses, worst) => {
  expect(worstStatus(statuses)).toBe(worst)
})
