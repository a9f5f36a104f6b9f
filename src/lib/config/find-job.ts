import type {Job} from './job.ts'
import type {LoadedConfig} from './load.ts'
import {nearest} from './nearest.ts'

/** A job, or for the error message the names that are near and all names there are. */
export type FoundJob =
  | {readonly kind: 'found'; readonly job: Job}
  | {readonly kind: 'unknown'; readonly nearest: readonly string[]; readonly names: readonly string[]}

/** The job of this name. Letter case counts. */
export function findJob({jobs}: Pick<LoadedConfig, 'jobs'>, name: string): FoundJob {
  const job = jobs.find((job) => job.name === name)
  if (job !== undefined) return {kind: 'found', job}
  const names = jobs.map(({name}) => name)
  return {kind: 'unknown', nearest: nearest(name, names), names}
}
