import {defaultLockDirectory, lockJob} from '../host/lock.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {createZfs} from './endpoints.ts'

/**
 * Works on what a job has left while no run of that job can: with a ZFS whose commands keep the job's lock as long as
 * one of them works. Throws `job-busy` when the job is running. A job need not be configured to have a lock.
 */
export async function withJobLock<T>(job: string, work: (zfs: ZfsClient) => Promise<T>): Promise<T> {
  const lock = lockJob(defaultLockDirectory(process.getuid?.() ?? 0, process.env), job)
  try {
    return await work(createZfs({lockFd: lock.fd}))
  } finally {
    lock.release()
  }
}
