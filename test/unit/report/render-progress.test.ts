import {expect, test} from 'vitest'
import type {AnnouncedState} from '../../../src/lib/progress/announced-state.ts'
import {renderProgress, renderProgressLine} from '../../../src/lib/report/render-progress.ts'

const GIB = 2n ** 30n

const STATE: AnnouncedState = {
  version: 1,
  pid: 7,
  writtenAtMs: 100_000,
  progressAtUptimeMs: 1_000_000,
  quietMs: 1500,
  phase: 'replicate',
  steps: {planned: 10, done: 3, failed: 0},
  movedBytes: `${GIB}`,
  expectedBytes: `${4n * GIB}`,
  bytesPerSecond: 100 * 2 ** 20,
  streams: [{filesystem: 'tank/a\u001b', step: '@x -> @y', forMs: 12_000}],
}

test('a replication at work', () => {
  expect(renderProgress(STATE, 101_000)).toEqual([
    '  replicate 3/10: [=====>--------------] 1 GiB / 4 GiB @ 100 MiB/s (31s remaining)',
    '    tank/a\\x1b: @x -> @y, for 12s',
    '  last progress 2.5s ago',
  ])
})

test.each<[string, Partial<AnnouncedState>, string]>([
  ['all of it', {movedBytes: `${5n * GIB}`}, `replicate 3/10: [${'='.repeat(20)}] 5 GiB / 4 GiB @ 100 MiB/s`],
  [
    'nothing moves, something failed',
    {bytesPerSecond: 0, steps: {planned: 10, done: 3, failed: 2}},
    'replicate 3/10, 2 failed: [=====>--------------] 1 GiB / 4 GiB @ 0 B/s',
  ],
  ['another phase', {phase: 'prune-receiver', streams: []}, 'prune-receiver'],
  ['nothing is planned yet', {steps: {planned: 0, done: 0, failed: 0}, streams: []}, 'replicate'],
  ['the beginning', {phase: 'begin', streams: []}, 'looks at both sides'],
])('%s', (_, changes, expected) => {
  expect(renderProgressLine({...STATE, streams: [], ...changes}, 200)).toBe(expected)
})

test('nobody has asked for sizes', () => {
  const {expectedBytes: _, ...state} = STATE
  expect(renderProgress({...state, error: 'no space'}, 100_000)).toEqual([
    '  replicate 3/10: 1 GiB @ 100 MiB/s',
    '    tank/a\\x1b: @x -> @y, for 12s',
    '  last progress 1.5s ago',
    '  last failure: no space',
  ])
})

test('the line of a narrow terminal', () => {
  expect(renderProgressLine(STATE, 20)).toBe('replicate 3/10: [===')
})
