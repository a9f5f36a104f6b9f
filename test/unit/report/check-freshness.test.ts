import {expect, test} from 'vitest'
import {checkFreshness} from '../../../src/lib/report/check-freshness.ts'
import type {JobStatus} from '../../../src/lib/report/job-status.ts'
import {filesystem, HOUR, MINUTE, NOW, runReport, status} from './sample-reports.ts'

const LIMITS = {warningMs: 2 * HOUR, criticalMs: 24 * HOUR}
const FRESH = runReport(31 * MINUTE, {replicate: {filesystems: [filesystem('tank/a', 40 * MINUTE)]}})

test.each<[string, readonly JobStatus[], number, string]>([
  [
    'all is fresh',
    [status([FRESH])],
    0,
    "ZREPL OK - job offsite succeeded 30m ago | 'offsite success'=1800s;7200;86400 'offsite tank/a'=2400s;7200;86400\n",
  ],
  [
    'the last success is old, whatever the filesystems',
    [status([runReport(3 * HOUR + MINUTE)])],
    1,
    "ZREPL WARNING - job offsite succeeded 3h ago | 'offsite success'=10800s;7200;86400\n",
  ],
  [
    'the last run has failed, not long after one that succeeded',
    [status([runReport(5 * MINUTE, {exitStatus: 1}), runReport(31 * MINUTE)])],
    0,
    "ZREPL OK - job offsite succeeded 30m ago, its last run ended with exit 1 | 'offsite success'=1800s;7200;86400\n",
  ],
  [
    'one filesystem lags behind while the job ends well',
    [status([runReport(31 * MINUTE, {replicate: {filesystems: [filesystem('tank/a', 30 * HOUR)]}})])],
    2,
    "ZREPL CRITICAL - tank/a: up-to-date, the receiver's newest is 1d6h old | 'offsite success'=1800s;7200;86400 'offsite tank/a'=108000s;7200;86400\n",
  ],
  [
    'of a filesystem nothing has arrived',
    [
      status([
        runReport(31 * MINUTE, {
          replicate: {filesystems: [filesystem('tank/new', undefined, {state: 'failed'})]},
        }),
      ]),
    ],
    2,
    "ZREPL CRITICAL - tank/new: failed, how far it has come is not known | 'offsite success'=1800s;7200;86400\n",
  ],
  [
    'the newest run could not look, and one filesystem lagged before',
    [
      status([
        runReport(10 * MINUTE, {
          exitStatus: 3,
          replicate: {filesystems: [], error: {code: 'peer-unreachable', message: 'no'}},
        }),
        runReport(31 * MINUTE, {replicate: {filesystems: [filesystem('tank/a', 3 * HOUR)]}}),
      ]),
    ],
    1,
    "ZREPL WARNING - tank/a: up-to-date, the receiver's newest is 3h old | 'offsite success'=1800s;7200;86400 'offsite tank/a'=10800s;7200;86400\n",
  ],
  [
    'no run has succeeded',
    [status([runReport(HOUR, {exitStatus: 3})])],
    2,
    'ZREPL CRITICAL - job offsite has never succeeded\n',
  ],
  ['there was no run', [status([])], 3, 'ZREPL UNKNOWN - job offsite has never run\n'],
  ['there is no job', [], 3, 'ZREPL UNKNOWN - there is no job to look at\n'],
  [
    'what is certainly wrong comes before what nobody knows',
    [status([]), status([runReport(HOUR, {exitStatus: 3})])],
    2,
    'ZREPL CRITICAL - job offsite has never run; job offsite has never succeeded\n',
  ],
])('%s', (_what, jobs, expected, text) => {
  expect(checkFreshness(jobs, LIMITS, NOW)).toEqual({status: expected, text})
})

test('placeholders are not judged, and names cannot break the line', () => {
  const filesystems = [filesystem("tank/it's=\n", HOUR), filesystem('tank/p', undefined, {state: 'skipped'})]
  const {status: level, text} = checkFreshness(
    [status([runReport(31 * MINUTE, {replicate: {filesystems}})])],
    LIMITS,
    NOW,
  )
  expect(level).toBe(0)
  expect(text.split('\n')).toHaveLength(2)
  expect(text).toContain("'offsite tank/it_s_\\x0a'=3600s")
})
