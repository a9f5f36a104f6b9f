import type {Job} from '../config/job.ts'
import {needsDaemon} from './connection.ts'
import {jobAtListener} from './local-listener.ts'

/** Throws `config` where a job names a peer to which there can be no connection, whatever the other side does. */
export function requirePeer(jobs: readonly Job[], job: Job): void {
  if (!('connect' in job)) return
  if (job.connect.type === 'needs-daemon') throw needsDaemon(job.connect)
  if (job.connect.type === 'local') jobAtListener(jobs, job.connect.listenerName)
}
