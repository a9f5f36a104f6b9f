import {expect, test} from 'vitest'
import {
  type AnnouncedState,
  announce,
  parseAnnouncedState,
} from '../../../src/lib/progress/announced-state.ts'
import {judgeOverlap} from '../../../src/lib/progress/judge-overlap.ts'
import {initialState, planned, stepFailed, streamBegan} from '../../../src/lib/progress/run-state.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'

const MINUTE = 60_000
/** When the states of the table are written. */
const UPTIME_MS = 100 * MINUTE

function announced(changes: Partial<AnnouncedState>): AnnouncedState {
  return {
    version: 1,
    pid: 7,
    writtenAtMs: 1_000_000,
    progressAtUptimeMs: UPTIME_MS - (changes.quietMs ?? 0),
    quietMs: 0,
    phase: 'replicate',
    steps: {planned: 1, done: 0},
    movedBytes: '0',
    bytesPerSecond: 0,
    counts: {replicating: 0, failed: 0, waiting: 1, done: 0, 'up-to-date': 0},
    filesystems: [],
    ...changes,
  }
}

const ERROR = {error: 'the disk is full'}

test.each<[string, AnnouncedState | undefined, number, 'leave' | 'cancel', string]>([
  ['moves', announced({quietMs: 5000}), 1000, 'leave', 'in phase replicate, progress 6s ago'],
  ['has been slow for long', announced({quietMs: 14 * MINUTE}), 0, 'leave', 'progress 14m ago'],
  ['is idle', announced({quietMs: 15 * MINUTE}), 0, 'cancel', 'in phase replicate, no progress for 15m'],
  ['does not even write any more', announced({}), 15 * MINUTE, 'cancel', 'no progress for 15m'],
  ['has just failed at something', announced({...ERROR, quietMs: 29_000}), 0, 'leave', 'progress 29s ago'],
  [
    'goes from error to error',
    announced({...ERROR, quietMs: 31_000}),
    0,
    'cancel',
    'in phase replicate, in an error state for 31s: the disk is full',
  ],
  [
    'prunes here, idle',
    announced({phase: 'prune-sender', quietMs: 60 * MINUTE}),
    0,
    'leave',
    'in phase prune-sender',
  ],
  ['prunes here, in error', announced({phase: 'prune-sender', ...ERROR, quietMs: MINUTE}), 0, 'leave', ''],
  ['prunes there', announced({phase: 'prune-receiver', quietMs: MINUTE}), 0, 'leave', ''],
  [
    'prunes there, in error',
    announced({phase: 'prune-receiver', ...ERROR, quietMs: MINUTE}),
    0,
    'cancel',
    'disk is full',
  ],
  [
    'prunes there, idle',
    announced({phase: 'prune-receiver', quietMs: 16 * MINUTE}),
    0,
    'cancel',
    'no progress for 16m',
  ],
  ['takes snapshots', announced({phase: 'snapshot', quietMs: 60 * MINUTE}), 0, 'leave', ''],
  ['has had progress since we looked', announced({}), -MINUTE, 'leave', 'progress 0ms ago'],
  ['was told the right time', announced({writtenAtMs: 0}), 0, 'leave', 'progress 0ms ago'],
  ['says nothing', undefined, 0, 'leave', 'nothing is known of how it comes on'],
])('a push that %s', (_, state, laterMs, kind, words) => {
  const verdict = judgeOverlap(state, {
    idleMs: 15 * MINUTE,
    remote: 'prune-receiver',
    uptimeMs: UPTIME_MS + laterMs,
  })
  expect(verdict.kind).toBe(kind)
  expect(verdict.because).toContain(words)
})

test('what is announced arrives', () => {
  const now = 10_000
  const [a, b] = [parseDatasetName('tank/a'), parseDatasetName('tank/b')]
  const plan = {steps: 1, expectedBytes: 2n ** 60n, error: undefined}
  const begun = streamBegan(
    a,
    'full @a',
    undefined,
  )(
    planned(
      new Map([
        [a, plan],
        [b, plan],
      ]),
    )(initialState(0), 1000),
    4000,
  )
  const state = announce(stepFailed(b, 'gone')(begun, 5000), {
    self: {pid: 9, started: '4711'},
    nowMs: now,
    wallMs: 77,
    uptimeMs: 500_000,
  })
  expect(parseAnnouncedState(JSON.stringify(state))).toEqual({
    version: 1,
    pid: 9,
    started: '4711',
    writtenAtMs: 77,
    progressAtUptimeMs: 491_000,
    quietMs: 9000,
    phase: 'begin',
    error: 'gone',
    steps: {planned: 2, done: 0},
    movedBytes: '0',
    expectedBytes: '1152921504606846976',
    bytesPerSecond: 0,
    counts: {replicating: 1, failed: 1, waiting: 0, done: 0, 'up-to-date': 0},
    filesystems: [
      {
        filesystem: 'tank/a',
        state: 'replicating',
        steps: 1,
        doneSteps: 0,
        step: 'full @a',
        forMs: 6000,
        movedBytes: '0',
        expectedBytes: '1152921504606846976',
      },
      {
        filesystem: 'tank/b',
        state: 'failed',
        steps: 1,
        doneSteps: 0,
        movedBytes: '0',
        expectedBytes: '1152921504606846976',
        error: 'gone',
      },
    ],
  })
})

test.each([
  '',
  'null',
  '[]',
  '{}',
  '{"version":2}',
  JSON.stringify({...announced({}), movedBytes: -1}),
  JSON.stringify({...announced({}), progressAtUptimeMs: undefined}),
  JSON.stringify({...announced({}), started: 7}),
  '{"version":1',
])('what is not understood is nothing: %s', (text) => {
  expect(parseAnnouncedState(text)).toBeUndefined()
})
