import {type HoldTag, parseHoldTag} from '../zfs/name.ts'
import {type JobId, readJobId} from './job-id.ts'

const PREFIX = 'zrepl_last_received_J_'

/** The tag by which a receiving job keeps the newest snapshot it has received, the base of the next step. */
export function lastReceivedHoldTag(jobId: JobId): HoldTag {
  return parseHoldTag(`${PREFIX}${jobId}`)
}

/** The receiving job whose hold this is; `undefined` for every other tag, also for one without a valid job name. */
export function readLastReceivedHold(tag: HoldTag): JobId | undefined {
  return tag.startsWith(PREFIX) ? readJobId(tag.slice(PREFIX.length)) : undefined
}

/** The receiving jobs that hold any of these snapshots. `holds` has their tags, by name. */
export function receivingJobs(holds: ReadonlyMap<string, readonly HoldTag[]>): ReadonlySet<JobId> {
  return new Set(
    Array.from(holds.values()).flatMap((tags) => tags.flatMap((tag) => readLastReceivedHold(tag) ?? [])),
  )
}
