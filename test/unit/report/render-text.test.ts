import {describe, expect, test} from 'vitest'
import validateReport from '../../../src/generated/validate-report.js'
import {renderProblems, renderText} from '../../../src/lib/report/render-text.ts'
import type {HookReport, RunReport} from '../../../src/lib/report/report.ts'

const REPORT: RunReport = {
  version: 1,
  job: 'offsite',
  type: 'push',
  dryRun: false,
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:01:05.000Z',
  exitStatus: 4,
  warnings: ["'p/a@z' is 90 s in the future: was the clock wrong?"],
  snapshot: {
    name: 'z_2',
    filesystems: [
      {filesystem: 'p/a b', state: 'taken'},
      {filesystem: 'p/c', state: 'not-due', dueAt: '2026-01-01T00:10:00.000Z'},
      {filesystem: 'p/d', state: 'failed', error: {code: 'snapshot-failed', message: 'out of space'}},
    ],
  },
  replicate: {
    filesystems: [
      {
        filesystem: 'p/a b',
        state: 'done',
        warnings: ['received, but zfs receive said: cannot mount'],
        steps: [
          {to: '@z_1', resumed: true, state: 'done', durationMs: 1500},
          {from: '@z_1', to: '@z_2', resumed: false, state: 'done', durationMs: 900},
        ],
      },
      {filesystem: 'p/c', state: 'up-to-date', steps: [], warnings: []},
      {
        filesystem: 'p/d',
        state: 'conflict',
        because: "the receiver's newest @x is not on the sender",
        steps: [],
        warnings: [],
      },
      {
        filesystem: 'p/e\u001b[31m',
        state: 'failed',
        warnings: [],
        steps: [{from: '@a', to: '@b', resumed: false, state: 'failed'}],
        error: {code: 'receive-failed', message: 'cannot receive', hint: 'look'},
      },
    ],
  },
  pruneSender: {
    filesystems: [
      {
        filesystem: 'p/a b',
        state: 'failed',
        snapshots: [
          {name: 'z_0', state: 'destroyed', because: 'destroyed: last_n 1: not among the newest'},
          {
            name: 'z_1',
            state: 'failed',
            because: 'destroyed: last_n 1: not among the newest',
            error: 'permission denied',
          },
          {name: 'z_2', state: 'kept', because: 'kept: newest snapshot'},
        ],
      },
    ],
  },
}

test('a report is what the schema says', () => {
  expect(validateReport(REPORT)).toBe(true)
  expect(validateReport({...REPORT, exitStatus: 7})).toBe(false)
})

test('a person reads what was done and what failed, and not what was in order', () => {
  expect(renderText(REPORT, {verbose: false})).toMatchInlineSnapshot(`
    "job offsite (push)
      snapshot p/a b@z_2
      snapshot p/d: snapshot-failed: out of space
      replicate p/a b full @z_1 (resumed, 1.5s)
      replicate p/a b @z_1 -> @z_2 (900ms)
      replicate p/a b: warning: received, but zfs receive said: cannot mount
      replicate p/d: conflict: the receiver's newest @x is not on the sender
      replicate p/e\\x1b[31m @a -> @b failed
      replicate p/e\\x1b[31m: receive-failed: cannot receive (hint: look)
      prune sender p/a b@z_0: destroyed: last_n 1: not among the newest
      prune sender p/a b@z_1: not destroyed: permission denied
      warning: 'p/a@z' is 90 s in the future: was the clock wrong?
      1 snapshot; 2 steps, 1 of 4 filesystems were up to date; 1 destroyed, 1 kept; 1m5s; exit 4: a conflict needs a person; the filesystems in conflict were not changed
    "
  `)
})

test('a missing dataset is told by each phase, and once to who reads only what went wrong', () => {
  const error = {code: 'dataset-missing', message: "'p/nope' does not exist"}
  const nope = {filesystem: 'p/nope', state: 'failed' as const, error}
  const report: RunReport = {
    ...REPORT,
    snapshot: {filesystems: [nope]},
    replicate: {filesystems: [{...nope, steps: [], warnings: []}]},
    pruneSender: {filesystems: [{...nope, snapshots: []}]},
    exitStatus: 1,
  }
  expect(validateReport(report)).toBe(true)
  const told = "p/nope: dataset-missing: 'p/nope' does not exist"
  expect(renderText(report, {verbose: false})).toContain(`  prune sender ${told}\n`)
  expect(renderProblems(report).split('\n').slice(0, 2)).toEqual([
    `zrepl: job offsite: ${told}`,
    'zrepl: job offsite: exit 1: some filesystem failed; the others are done',
  ])
})

test('verbose tells of each pool whether its snapshots are of one instant', () => {
  const pools = [
    {pool: 'p', snapshots: 4, transactions: 1, consistent: true},
    {pool: 'q', snapshots: 4000, transactions: 3, consistent: false},
  ]
  const report: RunReport = {...REPORT, snapshot: {filesystems: [], pools}}
  expect(validateReport(report)).toBe(true)
  const lines = (verbose: boolean) =>
    renderText(report, {verbose})
      .split('\n')
      .filter((line) => line.includes('snapshot pool'))
  expect(lines(true)).toEqual([
    '  snapshot pool p: 4 of one instant',
    '  snapshot pool q: 4000 in 3 transactions',
  ])
  expect(lines(false)).toEqual([])
})

test('verbose adds what was in order', () => {
  const plain = renderText(REPORT, {verbose: false}).split('\n')
  const added = renderText(REPORT, {verbose: true})
    .split('\n')
    .filter((line) => !plain.includes(line))
  expect(added).toEqual([
    '  snapshot p/c: not due before 2026-01-01T00:10:00.000Z',
    '  replicate p/c: up to date',
    '  prune sender p/a b@z_2: kept: newest snapshot',
  ])
})

test('a dry run puts snapshots of which the same is to be said into one line, verbose or in a run they have their own', () => {
  const because = 'kept by last_n 9'
  const snapshots = [
    {name: 'a', state: 'doomed' as const, because: 'destroyed: last_n 9: not among the newest'},
    {name: 'b', state: 'doomed' as const, because: 'destroyed: last_n 9: not among the newest'},
    ...['c', 'd', 'e'].map((name) => ({name, state: 'kept' as const, because})),
    {name: 'f', state: 'kept' as const, because: 'kept: newest snapshot; kept by last_n 9'},
  ]
  const pruneSender = {
    filesystems: [{filesystem: 'p/a', state: 'planned' as const, snapshots, freedBytes: '1024'}],
  }
  const report: RunReport = {...REPORT, dryRun: true, pruneSender}
  const lines = (verbose: boolean) =>
    renderText(report, {verbose})
      .split('\n')
      .filter((line) => line.includes('prune sender'))
  expect(lines(false)).toEqual([
    '  prune sender p/a@a: would be destroyed: last_n 9: not among the newest',
    '  prune sender p/a@b: would be destroyed: last_n 9: not among the newest',
    '  prune sender p/a@c to @e (3 snapshots): kept by last_n 9',
    '  prune sender p/a@f: kept: newest snapshot; kept by last_n 9',
    '  prune sender p/a: would free 1 KiB',
  ])
  expect(lines(true).map((line) => line.split(': ')[0])).toEqual([
    ...snapshots.map(({name}) => `  prune sender p/a@${name}`),
    '  prune sender p/a',
  ])
})

test('the problems alone are one line each, and silent when there are none', () => {
  expect(renderProblems(REPORT)).toMatchInlineSnapshot(`
    "zrepl: job offsite: p/d: snapshot-failed: out of space
    zrepl: job offsite: p/d: conflict: the receiver's newest @x is not on the sender
    zrepl: job offsite: p/e\\x1b[31m: receive-failed: cannot receive (hint: look)
    zrepl: job offsite: p/a b@z_1: not destroyed: permission denied
    zrepl: job offsite: exit 4: a conflict needs a person; the filesystems in conflict were not changed
    "
  `)
  expect(renderProblems({...REPORT, exitStatus: 0})).toBe('')
})

test('what has stopped the whole run is told once, and not for each filesystem', () => {
  const error = {code: 'stopped', message: 'stopped by SIGINT'}
  const failed = {state: 'failed' as const, steps: [], warnings: [], error}
  const filesystems = ['p/a', 'p/b'].map((filesystem) => ({filesystem, ...failed}))
  const {job, type, version, dryRun, startedAt, finishedAt} = REPORT
  const stopped: RunReport = {
    ...{job, type, version, dryRun, startedAt, finishedAt},
    exitStatus: 6,
    warnings: [],
    replicate: {filesystems},
    error,
  }
  expect(renderProblems(stopped).split('\n')[0]).toBe('zrepl: job offsite: stopped: stopped by SIGINT')
  expect(renderProblems(stopped)).not.toContain('p/a')
  expect(renderText(stopped, {verbose: false})).toContain('  replicate p/b: stopped: stopped by SIGINT\n')
})

test('a run without a snapshot says why', () => {
  const summaryOf = (filesystems: NonNullable<RunReport['snapshot']>['filesystems']) =>
    renderText({...REPORT, snapshot: {filesystems}}, {verbose: false})
      .split('\n')
      .at(-2)
      ?.split(';')[0]
      ?.trim()
  const notDue = (filesystem: string, dueAt: string) => ({filesystem, state: 'not-due' as const, dueAt})
  expect(summaryOf([])).toBe('0 snapshots (none is due by itself)')
  expect(
    summaryOf([notDue('p/a', '2026-01-01T02:00:00.000Z'), notDue('p/b', '2026-01-01T01:00:00.000Z')]),
  ).toBe('0 snapshots (none is due before 2026-01-01T01:00:00.000Z)')
  expect(summaryOf([{filesystem: 'p/a', state: 'unwritten', because: '0 B written'}])).toBe(
    '0 snapshots (nothing was written that is worth one)',
  )
  expect(summaryOf([{filesystem: 'p/a', state: 'failed'}])).toBe('0 snapshots')
  expect(summaryOf([{filesystem: 'p/a', state: 'taken'}, notDue('p/b', '2026-01-01T01:00:00.000Z')])).toBe(
    '1 snapshot',
  )
})

describe('hooks', () => {
  const hooks: HookReport[] = [
    {hook: '/wake', around: 'job', edge: 'before', state: 'ok', durationMs: 1500},
    {
      hook: '/x',
      around: 'filesystem',
      edge: 'before',
      filesystems: ['p/a b'],
      state: 'skipped',
      because: 'y',
    },
    {
      hook: 'mysql-lock-tables',
      around: 'round',
      edge: 'before',
      filesystems: ['p/a', 'p/b'],
      state: 'failed',
      error: {code: 'hook-failed', message: 'no\nserver'},
    },
    {hook: '/wake', around: 'job', edge: 'after', state: 'planned'},
  ]
  const report: RunReport = {...REPORT, hooks}
  const linesOf = (verbose: boolean) =>
    renderText(report, {verbose})
      .split('\n')
      .filter((line) => line.includes('hook'))

  test('are told when they fail', () => {
    expect(linesOf(false)).toEqual(['  hook mysql-lock-tables before the round: hook-failed: no; server'])
    expect(renderProblems(report)).toContain('hook mysql-lock-tables before the round: hook-failed: no')
  })

  test('and all of them with more words', () => {
    expect(linesOf(true)).toEqual([
      '  hook /wake before job: 1.5s',
      '  hook /x before p/a b: skipped: y',
      '  hook mysql-lock-tables before the round: hook-failed: no; server',
      '  hook /wake after job would be run',
    ])
  })
})
