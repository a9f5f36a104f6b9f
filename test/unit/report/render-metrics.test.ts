import {expect, test} from 'vitest'
import type {JobStatus} from '../../../src/lib/report/job-status.ts'
import {renderMetrics} from '../../../src/lib/report/render-metrics.ts'
import {at, filesystem, HOUR, MINUTE, runReport, status} from './sample-reports.ts'

const VERSION = {raw: '1.2.3', line: 'zrepl/1.2.3 linux-x64 node-v26.3.0'}
const rendered = (...jobs: readonly JobStatus[]) => renderMetrics(jobs, VERSION)
const seconds = (agoMs: number) => Date.parse(at(agoMs)) / 1000

test('one job', () => {
  const failed = runReport(HOUR, {
    exitStatus: 1,
    replicate: {
      filesystems: [
        filesystem('tank/a "b"\\c', 2 * HOUR),
        filesystem('tank/x', undefined, {state: 'failed'}),
      ],
    },
    pruneSender: {filesystems: []},
  })
  expect(
    rendered(status([failed, runReport(3 * HOUR)])),
  ).toBe(`# HELP zrepl_start_time When the newest run of any job began, seconds since 1970, and the version of zrepl.
# TYPE zrepl_start_time gauge
zrepl_start_time{raw="1.2.3",version_info="zrepl/1.2.3 linux-x64 node-v26.3.0"} ${seconds(HOUR)}
# HELP zrepl_replication_last_successful When the job last succeeded, seconds since 1970.
# TYPE zrepl_replication_last_successful gauge
zrepl_replication_last_successful{zrepl_job="offsite"} ${seconds(3 * HOUR - MINUTE)}
# HELP zrepl_replication_filesystem_errors Filesystems that failed or are in conflict; -1 when replication failed as a whole.
# TYPE zrepl_replication_filesystem_errors gauge
zrepl_replication_filesystem_errors{zrepl_job="offsite"} 1
# HELP zrepl_run_start_time When the last run began, seconds since 1970.
# TYPE zrepl_run_start_time gauge
zrepl_run_start_time{zrepl_job="offsite"} ${seconds(HOUR)}
# HELP zrepl_run_duration_seconds How long the last run took.
# TYPE zrepl_run_duration_seconds gauge
zrepl_run_duration_seconds{zrepl_job="offsite"} 60
# HELP zrepl_run_exit_status How the last run ended (docs/exit-codes.md).
# TYPE zrepl_run_exit_status gauge
zrepl_run_exit_status{zrepl_job="offsite"} 1
# HELP zrepl_replication_latest_snapshot_time When the newest snapshot that the receiver has was taken, seconds since 1970.
# TYPE zrepl_replication_latest_snapshot_time gauge
zrepl_replication_latest_snapshot_time{zrepl_job="offsite",filesystem="tank/a \\"b\\"\\\\c"} ${seconds(2 * HOUR)}
# HELP zrepl_prune_destroyed_snapshots Snapshots that the last run destroyed.
# TYPE zrepl_prune_destroyed_snapshots gauge
zrepl_prune_destroyed_snapshots{zrepl_job="offsite",prune_side="sender"} 0
`)
})

test('a replication that failed as a whole', () => {
  const failed = runReport(HOUR, {
    exitStatus: 3,
    replicate: {filesystems: [], error: {code: 'peer-unreachable', message: 'no'}},
  })
  expect(rendered(status([failed]))).toContain(
    'zrepl_replication_filesystem_errors{zrepl_job="offsite"} -1\n',
  )
})

test('how far filesystems lag is known of the last run that could look', () => {
  const looked = runReport(3 * HOUR, {replicate: {filesystems: [filesystem('tank/a', 4 * HOUR)]}})
  const unreachable = runReport(HOUR, {
    exitStatus: 3,
    replicate: {filesystems: [], error: {code: 'peer-unreachable', message: 'no'}},
  })
  expect(rendered(status([unreachable, looked]))).toContain(
    `zrepl_replication_latest_snapshot_time{zrepl_job="offsite",filesystem="tank/a"} ${seconds(4 * HOUR)}\n`,
  )
})

test('a job that has never run has no metrics', () => {
  expect(rendered(status([]))).toBe('')
})

test('whatever names are, a sample stays one line with the labels it has (T41)', () => {
  const names = ['a" } 1\nzrepl_run_exit_status{zrepl_job="x', '\\', '\\"', 'ä\u202e', '{}=,#']
  const reports = names.map((name) => runReport(HOUR, {replicate: {filesystems: [filesystem(name, HOUR)]}}))
  const text = reports.map((report) => rendered(status([report]))).join('')
  const labels = text
    .split('\n')
    .filter((line) => line.startsWith('zrepl_replication_latest_snapshot_time'))
    .map(
      (line) => /^[a-z_]+\{zrepl_job="offsite",filesystem="((?:[^"\\\n]|\\["\\n])*)"\} \d+$/.exec(line)?.[1],
    )
  expect(labels.map((label) => JSON.parse(`"${label}"`))).toEqual(names)
})
