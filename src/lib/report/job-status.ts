import {EXIT} from '../core/exit-code.ts'
import type {AnnouncedState} from '../progress/announced-state.ts'
import type {FilesystemReport, RunReport} from './report.ts'

/** What is known of a job from the reports of its runs. */
export type JobStatus = {
  readonly job: string
  readonly type: RunReport['type']
  /** Who runs it at this moment; `undefined` when nobody does. */
  readonly running: string | undefined
  /** What keeps the job's lock although the run that had it is gone; the next run waits for it in vain. */
  readonly heldBy?: string | undefined
  /** How that run comes on, if it tells. */
  readonly progress: AnnouncedState | undefined
  readonly last: RunReport | undefined
  readonly lastSuccess: RunReport | undefined
  /** What the newest run that got to look at both sides has told of each filesystem. */
  readonly seen: {readonly at: string; readonly filesystems: readonly FilesystemReport[]} | undefined
}

/** How many reports of a job are kept, besides the newest of a run that succeeded. */
export const KEPT_REPORTS = 30

/** A run that did what its job is for: of a job that replicates, one that only pruned is none. */
export function isSuccess({type, exitStatus, replicate}: RunReport): boolean {
  return exitStatus === EXIT.ok && (replicate !== undefined || (type !== 'push' && type !== 'pull'))
}

/** Which of `reports`, newest first, need not be kept any longer. `undefined` is one that cannot be read. */
export function obsoleteReports<T extends {readonly report: RunReport | undefined}>(
  reports: readonly T[],
): readonly T[] {
  const lastSuccess = reports.find(({report}) => report !== undefined && isSuccess(report))
  return reports.slice(KEPT_REPORTS).filter((kept) => kept !== lastSuccess)
}

/** The status of a job, from the reports of its runs, newest first. */
export function jobStatus(
  now: Pick<JobStatus, 'job' | 'type' | 'running' | 'heldBy' | 'progress'>,
  reports: readonly RunReport[],
): JobStatus {
  const looked = reports.find(({replicate}) => (replicate?.filesystems ?? []).length > 0)
  return {
    ...now,
    last: reports[0],
    lastSuccess: reports.find(isSuccess),
    seen: looked && {at: looked.finishedAt, filesystems: looked.replicate?.filesystems ?? []},
  }
}
