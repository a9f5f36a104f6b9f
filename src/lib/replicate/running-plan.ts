import {OperationalError} from '../core/errors.ts'
import type {JobPlan} from '../plan/job-plan.ts'
import type {RunningStep} from '../prune/protect.ts'
import {type Guid, NameError, parseGuid} from '../zfs/name.ts'
import {shortName} from '../zfs/version.ts'

/**
 * How replications and prunings that run beside each other know of each other. Guids are unique across pools, so it does
 * not matter on which side and under which name a snapshot is looked at.
 */
export type Beside = {
  /** Who this is. */
  readonly job: string
  /** Tells what this replication needs, until it is withdrawn. */
  announce(text: string): {withdraw(): void}
  /** What the others have told, of those that still run. */
  others(): readonly string[]
}

/** Everything a replication is going to need, as text for `parseRunningPlan`. */
export function formatRunningPlan(job: string, {filesystems}: JobPlan): string {
  const steps = filesystems.flatMap((plan) =>
    plan.kind === 'steps'
      ? plan.steps.map(({filesystem, from, to}) => ({
          step: `${filesystem} ${from === undefined ? 'full' : shortName(from)} -> ${shortName(to)}`,
          guids: [...(from === undefined ? [] : [from.guid]), to.guid],
        }))
      : [],
  )
  return `${JSON.stringify({version: 1, job, steps})}\n`
}

/** Which guids a running replication needs. Throws `host` when the text is not understood: then nothing may be destroyed. */
export function parseRunningPlan(text: string): ReadonlyMap<Guid, RunningStep> {
  try {
    const {version, job, steps} = JSON.parse(text)
    if (version !== 1 || typeof job !== 'string' || !Array.isArray(steps)) throw notUnderstood()
    return new Map(
      steps.flatMap(({step, guids}) =>
        guids.map((guid: unknown) => [parseGuid(String(guid)), {job, step: String(step)}]),
      ),
    )
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof NameError)
      throw notUnderstood(error)
    throw error
  }
}

/** What all replications that run beside this one need. */
export function runningSteps(beside: Beside): ReadonlyMap<Guid, RunningStep> {
  return new Map(beside.others().flatMap((text) => Array.from(parseRunningPlan(text))))
}

function notUnderstood(cause?: unknown): OperationalError {
  return new OperationalError('host', 'the plan of a replication that is running is not understood', {
    hint: 'another version of zrepl is running; wait for it to end',
    cause,
  })
}
