import {expect, test} from 'vitest'
import type {AnnouncedFilesystem, AnnouncedState} from '../../../src/lib/progress/announced-state.ts'
import {
  filesystemProgressLines,
  progressLines,
  renderProgressLine,
} from '../../../src/lib/report/render-progress.ts'

const GIB = 2n ** 30n

const STREAM: AnnouncedFilesystem = {
  filesystem: 'tank/a\u001b',
  state: 'replicating',
  steps: 2,
  doneSteps: 0,
  step: '@x -> @y',
  forMs: 12_000,
}

const STATE: AnnouncedState = {
  version: 1,
  pid: 7,
  writtenAtMs: 100_000,
  progressAtUptimeMs: 1_000_000,
  quietMs: 1500,
  phase: 'replicate',
  steps: {planned: 10, done: 3},
  movedBytes: `${GIB}`,
  expectedBytes: `${4n * GIB}`,
  bytesPerSecond: 100 * 2 ** 20,
  counts: {replicating: 1, failed: 0, waiting: 0, done: 0, 'up-to-date': 0},
  filesystems: [STREAM],
}

test('a replication at work', () => {
  expect(progressLines(STATE, 101_000)).toEqual([
    {text: '  replicate 3/10: [=====>--------------] 1 GiB / 4 GiB @ 100 MiB/s (31s remaining)'},
    {text: '  1 filesystem: 1 replicating'},
    {text: '  last progress 2.5s ago'},
  ])
})

const LINE = '  * tank/a\\x1b  replicating step 1/2'

test.each<[string, Partial<AnnouncedFilesystem>, string]>([
  ['nobody has asked for its size', {movedBytes: '2048'}, `${LINE}, 2 KiB: @x -> @y, for 12s`],
  [
    'its size is known, what has moved is not',
    {expectedBytes: '2048'},
    `${LINE} of 2 KiB: @x -> @y, for 12s`,
  ],
  ['between two streams', {doneSteps: 1}, '  * tank/a\\x1b  replicating step 2/2'],
])('a filesystem: %s', (_name, changes, expected) => {
  const {step: _step, ...between} = STREAM
  const filesystems = [{...(changes.doneSteps === undefined ? STREAM : between), ...changes}]
  expect(filesystemProgressLines({...STATE, filesystems})).toEqual([{text: expected, color: 'cyan'}])
})

test.each<[string, Partial<AnnouncedState>, string]>([
  ['all of it', {movedBytes: `${5n * GIB}`}, `replicate 3/10: [${'='.repeat(20)}] 5 GiB / 4 GiB @ 100 MiB/s`],
  [
    'nothing moves, something failed',
    {bytesPerSecond: 0, counts: {...STATE.counts, failed: 2}},
    'replicate 3/10, 2 failed: [=====>--------------] 1 GiB / 4 GiB @ 0 B/s',
  ],
  ['another phase', {phase: 'prune-receiver'}, 'prune-receiver'],
  ['nothing is planned yet', {steps: {planned: 0, done: 0}}, 'replicate'],
  ['the beginning', {phase: 'begin'}, 'looks at both sides'],
])('%s', (_, changes, expected) => {
  expect(renderProgressLine({...STATE, filesystems: [], ...changes}, 200)).toBe(expected)
})

test('nobody has asked for sizes', () => {
  const {expectedBytes: _, ...state} = STATE
  expect(progressLines({...state, error: 'no space'}, 100_000).map(({text}) => text)).toEqual([
    '  replicate 3/10: 1 GiB @ 100 MiB/s',
    '  1 filesystem: 1 replicating',
    '  last progress 1.5s ago',
    '  last failure: no space',
  ])
})

test('the line of a terminal, also of a narrow one', () => {
  const state = {...STATE, filesystems: [STREAM, STREAM, STREAM]}
  expect(renderProgressLine(state, 200)).toMatch(/remaining\) {2}tank\/a\\x1b @x -> @y and 2 more$/)
  expect(renderProgressLine(state, 20)).toBe('replicate 3/10: [===')
})
