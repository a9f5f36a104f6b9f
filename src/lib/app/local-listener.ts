import type {Job, PassiveJob} from '../config/job.ts'
import {nearest} from '../config/nearest.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/**
 * The one sink or source job that serves a local listener. Throws `config` where none does, or several: both ends of a local
 * connection stand in one file, so that this is known before anything is done. The file loads all the same, as in zrepl, and
 * jobs that do not connect there can be run.
 */
export function jobAtListener(jobs: readonly Job[], listener: string): PassiveJob {
  const serving = jobs.flatMap((job) => (listenerOf(job) === undefined ? [] : [job as PassiveJob]))
  const [job, other] = serving.filter((job) => listenerOf(job) === listener)
  if (job === undefined) {
    const names = serving.flatMap((job) => listenerOf(job) ?? [])
    const near = nearest(listener, names)
    throw new OperationalError('config', `no job serves the local listener ${quoted(listener)}`, {
      hint:
        near.length > 0
          ? `did you mean ${near.map(quoted).join(', ')}?`
          : 'give a sink or source job serve: {type: local} with this listener_name',
    })
  }
  if (other === undefined) return job
  throw new OperationalError(
    'config',
    `the local listener ${quoted(listener)} is served by two jobs, ${quoted(job.name)} and ${quoted(other.name)}: a client cannot choose between them`,
    {hint: 'give each a listener_name of its own'},
  )
}

function listenerOf(job: Job): string | undefined {
  return 'serve' in job && job.serve.type === 'local' ? job.serve.listenerName : undefined
}
