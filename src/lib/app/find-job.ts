import type {Job} from '../config/job.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/** The job of this name. Throws `usage` with the names there are. */
export function findJob(jobs: readonly Job[], name: string): Job {
  const job = jobs.find((job) => job.name === name)
  if (job !== undefined) return job
  const names = jobs.map(({name}) => quoted(name)).join(', ')
  throw new OperationalError('usage', `there is no job ${quoted(name)}`, {hint: `the configuration has ${names || 'no jobs'}`})
}
