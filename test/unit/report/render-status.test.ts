import {expect, test} from 'vitest'
import type {AnnouncedFilesystem, AnnouncedState} from '../../../src/lib/progress/announced-state.ts'
import type {JobStatus} from '../../../src/lib/report/job-status.ts'
import {renderStatus, type StatusSurface} from '../../../src/lib/report/render-status.ts'
import {at, filesystem, HOUR, MINUTE, NOW, runReport, status} from './sample-reports.ts'

const PAPER = {columns: undefined, rows: undefined, color: false}

function shown(job: JobStatus, surface: Partial<StatusSurface> = {}): string {
  return renderStatus([job], NOW, {...PAPER, ...surface}).join('\n')
}

test('the last run, the last success, and each filesystem', () => {
  const failed = runReport(HOUR + MINUTE, {
    exitStatus: 1,
    replicate: {
      filesystems: [
        filesystem('tank/a', 2 * HOUR, {state: 'done'}),
        filesystem('tank/b', undefined, {state: 'conflict', because: 'no common snapshot'}),
        filesystem('tank/c', 26 * HOUR, {
          state: 'failed',
          error: {code: 'receive-failed', message: 'no space'},
        }),
      ],
    },
  })
  expect(
    shown(status([failed, runReport(3 * HOUR + MINUTE)], 'pid 7, since noon')),
  ).toBe(`job offsite (push): running (pid 7, since noon)
  last run 1h ago (${at(HOUR)}), took 1m; exit 1: some filesystem failed; the others are done
  last success 3h ago (${at(3 * HOUR)})
    tank/b: conflict: no common snapshot
    tank/c: failed, @z 1d2h ago (${at(26 * HOUR)}): no space
    tank/a: done, @z 2h ago (${at(2 * HOUR)})`)
})

test('of a run that could not look, what the one before has seen', () => {
  const unreachable = runReport(HOUR + MINUTE, {
    exitStatus: 3,
    replicate: {filesystems: [], error: {code: 'peer-unreachable', message: 'no route'}},
  })
  const looked = runReport(3 * HOUR + MINUTE, {replicate: {filesystems: [filesystem('tank/a', 4 * HOUR)]}})
  expect(shown(status([unreachable, looked]))).toBe(`job offsite (push)
  last run 1h ago (${at(HOUR)}), took 1m; exit 3: the peer could not be reached or understood
  last success 3h ago (${at(3 * HOUR)})
  filesystems as they were seen 3h ago (${at(3 * HOUR)})
    tank/a: up-to-date, @z 4h ago (${at(4 * HOUR)})`)
})

test('a lock that somebody keeps for a run that is gone', () => {
  expect(shown({...status([]), heldBy: 'pid 7 (zfs)'})).toBe(`job offsite (push)
  its lock is held by what a run that is gone has started: pid 7 (zfs)
  no run is on record`)
})

test('no run at all', () => {
  expect(shown(status([]))).toBe('job offsite (push)\n  no run is on record')
})

test('a clock that was put back', () => {
  expect(shown(status([runReport(-HOUR)]))).toContain('is the clock right?')
})

const MIB = 2 ** 20

function progress(
  filesystems: readonly AnnouncedFilesystem[],
  more: Partial<AnnouncedState> = {},
): AnnouncedState {
  const count = (state: string) => filesystems.filter((one) => one.state === state).length
  return {
    version: 1,
    pid: 7,
    writtenAtMs: NOW,
    progressAtUptimeMs: 0,
    quietMs: 1500,
    phase: 'replicate',
    steps: {planned: 10, done: 3},
    movedBytes: `${1024 * MIB}`,
    expectedBytes: `${4096 * MIB}`,
    bytesPerSecond: 100 * MIB,
    counts: {
      replicating: count('replicating'),
      failed: count('failed'),
      waiting: count('waiting'),
      done: count('done'),
      'up-to-date': count('up-to-date'),
    },
    filesystems,
    ...more,
  }
}

const AT_WORK: readonly AnnouncedFilesystem[] = [
  {
    filesystem: 'tank/a',
    state: 'replicating',
    steps: 5,
    doneSteps: 1,
    step: '@x -> @y',
    forMs: 12_000,
    movedBytes: `${10 * MIB}`,
    expectedBytes: `${100 * MIB}`,
  },
  {filesystem: 'tank/with space', state: 'failed', steps: 3, doneSteps: 1, error: 'no space'},
  {filesystem: 'tank/c\u001b', state: 'waiting', steps: 1, doneSteps: 0, expectedBytes: `${7 * MIB}`},
  {filesystem: 'tank/d', state: 'done', steps: 2, doneSteps: 2},
  {filesystem: 'tank/e', state: 'up-to-date', steps: 0, doneSteps: 0},
]

test('a run at work: the whole of it, and the state of each filesystem', () => {
  expect(
    shown(status([runReport(HOUR + MINUTE)], 'pid 7, since noon', progress(AT_WORK))),
  ).toBe(`job offsite (push): running (pid 7, since noon)
  replicate 3/10, 1 failed: [=====>--------------] 1 GiB / 4 GiB @ 100 MiB/s (31s remaining)
  5 filesystems: 1 replicating, 1 failed, 1 waiting, 1 done, 1 up to date
  last progress 1.5s ago
  last run 1h ago (${at(HOUR)}), took 1m; exit 0: all done
  * tank/a           replicating step 2/5, 10 MiB / 100 MiB: @x -> @y, for 12s
    tank/with space  failed after 1 of 3 steps: no space
    tank/c\\x1b       waiting, 1 step, 7 MiB
    tank/d           done, 2 steps
    tank/e           up to date`)
})

test('five hundred filesystems on a screen of 24 rows: what one looks for first, and how many more there are', () => {
  const waiting = Array.from(
    {length: 198},
    (_, index): AnnouncedFilesystem => ({
      filesystem: `tank/${index}`,
      state: 'waiting',
      steps: 1,
      doneSteps: 0,
    }),
  )
  const counts = {replicating: 1, failed: 1, waiting: 398, done: 0, 'up-to-date': 100}
  const state = progress([...AT_WORK.slice(0, 2), ...waiting], {counts})
  const lines = shown(status([], 'pid 7', state), {rows: 23, columns: 60}).split('\n')
  expect(lines).toHaveLength(23)
  expect(lines.slice(5, 7).map((line) => line.slice(4, 12))).toEqual(['tank/a  ', 'tank/wit'])
  expect(lines.at(-1)).toBe('    and 483 more')
  expect(lines.length - 6 + 483).toBe(500)
  expect(lines.every(({length}) => length <= 60)).toBe(true)
})

test('several jobs on one screen: heads first, then filesystems of the one that runs', () => {
  const filesystems = Array.from({length: 50}, (_, index) => filesystem(`tank/${index}`, HOUR))
  const idle = status([runReport(HOUR, {replicate: {filesystems}})])
  const running = status([], 'pid 7', progress(AT_WORK))
  const lines = renderStatus([idle, running], NOW, {...PAPER, rows: 15})
  expect(lines).toHaveLength(15)
  expect(lines.filter((line) => line.startsWith('    tank/') || line.startsWith('  * tank/'))).toEqual([
    expect.stringContaining('tank/0'),
    expect.stringContaining('tank/1'),
    ...AT_WORK.map(({state}) => expect.stringContaining(state === 'up-to-date' ? 'up to date' : state)),
  ])
  expect(lines[4]).toBe('    and 48 more')
})

test('a screen that is too small even for the heads shows the job that runs', () => {
  const lines = renderStatus([status([]), status([], 'pid 7')], NOW, {...PAPER, rows: 2})
  expect(lines).toEqual(['job offsite (push): running (pid 7)', '  no run is on record'])
})

test('colours go around what is left of a line that was cut', () => {
  const surface = {color: true, columns: 12}
  expect(shown(status([], undefined), surface)).toBe('job offsite \n  no run is ')
  expect(shown(status([runReport(HOUR, {exitStatus: 1})]), surface).split('\n')[1]).toBe(
    '\u001b[31m  last run 5\u001b[0m',
  )
})
