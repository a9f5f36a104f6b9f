import type {JobId} from '../abstraction/job-id.ts'
import type {ExitStatus} from '../core/exit-code.ts'
import {defaultLockDirectory, lockJob} from '../host/lock.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {createZfs} from './endpoints.ts'
import {complain, type Output} from './output.ts'

/**
 * Works on what a job has left while no run of that job can: with a ZFS whose commands keep the job's lock as long as
 * one of them works. Throws `job-busy` when the job is running. A job need not be configured to have a lock.
 */
export async function withJobLock<T>(job: JobId, work: (zfs: ZfsClient) => Promise<T>): Promise<T> {
  const lock = lockJob(defaultLockDirectory(process.getuid?.() ?? 0, process.env), job)
  try {
    return await work(createZfs({lockFd: lock.fd}))
  } finally {
    lock.release()
  }
}

/**
 * The same for several jobs, one after the other; what names no job (`undefined`) needs no lock. A job that is running
 * or fails is told of and does not stop the others. Returns the status of each.
 */
export async function forEachJob<Job extends JobId | undefined>(
  output: Output,
  jobs: Iterable<Job>,
  work: (zfs: ZfsClient, job: Job) => Promise<ExitStatus>,
): Promise<readonly ExitStatus[]> {
  const statuses: ExitStatus[] = []
  for (const job of new Set(jobs)) {
    try {
      const status =
        job === undefined
          ? await work(createZfs({lockFd: undefined}), job)
          : await withJobLock(job, (zfs) => work(zfs, job))
      statuses.push(status)
    } catch (error) {
      statuses.push(complain(output, error))
    }
  }
  return statuses
}
