import {type JobStatus, jobStatus} from '../../../src/lib/report/job-status.ts'
import type {FilesystemReport, RunReport} from '../../../src/lib/report/report.ts'

/** A moment in the middle of 2026, milliseconds. */
export const NOW = Date.parse('2026-06-01T12:00:00.000Z')
export const MINUTE = 60_000
export const HOUR = 60 * MINUTE

export function at(agoMs: number): string {
  return new Date(NOW - agoMs).toISOString()
}

/** A run of a push job that began so long ago and took a minute. */
export function runReport(agoMs: number, more: Partial<RunReport> = {}): RunReport {
  return {
    version: 1,
    job: 'offsite',
    type: 'push',
    dryRun: false,
    startedAt: at(agoMs),
    finishedAt: at(agoMs - MINUTE),
    exitStatus: 0,
    warnings: [],
    replicate: {filesystems: []},
    ...more,
  }
}

export function filesystem(
  name: string,
  latestAgoMs: number | undefined,
  more: Partial<FilesystemReport> = {},
): FilesystemReport {
  return {
    filesystem: name,
    state: 'up-to-date',
    steps: [],
    warnings: [],
    ...(latestAgoMs === undefined ? {} : {latest: {version: '@z', createdAt: at(latestAgoMs)}}),
    ...more,
  }
}

/** The status of the job that had these runs, newest first. */
export function status(
  reports: readonly RunReport[],
  running?: string,
  progress?: JobStatus['progress'],
): JobStatus {
  return jobStatus({job: 'offsite', type: 'push', running, progress}, reports)
}
