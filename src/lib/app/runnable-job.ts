import type {Job} from '../config/job.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Phase} from '../replicate/phase.ts'

/** A job that has something to run. */
export type RunnableJob = Exclude<Job, {type: 'sink'}>

/** The job, if it has one of these phases. Throws `usage`: a run that has nothing to do is not "all done". */
export function runnableJob(job: Job, phases: readonly Phase[]): RunnableJob {
  if (job.type === 'sink')
    throw new OperationalError(
      'usage',
      `job ${quoted(job.name)} is a sink: it is served to its clients, it has nothing to run`,
      {
        hint: 'run the push jobs of its clients',
      },
    )
  const has = PHASES_OF[job.type]
  if (phases.some((phase) => has.includes(phase))) return job
  throw new OperationalError('usage', `job ${quoted(job.name)} of type ${job.type} ${lackOf(phases)}`, {
    hint: ELSEWHERE[job.type],
  })
}

const PHASES_OF: Readonly<Record<RunnableJob['type'], readonly Phase[]>> = {
  push: ['snapshot', 'replicate', 'prune'],
  pull: ['replicate', 'prune'],
  source: ['snapshot'],
  snap: ['snapshot', 'prune'],
}

function lackOf(phases: readonly Phase[]): string {
  return `does not ${phases.map((phase) => VERBS[phase]).join(' or ')}`
}

const VERBS: Readonly<Record<Phase, string>> = {
  snapshot: 'take snapshots',
  replicate: 'replicate',
  prune: 'prune',
}

const ELSEWHERE: Readonly<Record<RunnableJob['type'], string>> = {
  push: 'run all of it: zrepl run JOB',
  pull: 'the source job on the other host takes the snapshots',
  source: 'the pull jobs of its clients replicate and prune',
  snap: 'a push job replicates, or a source job that a pull job of another host fetches from',
}
