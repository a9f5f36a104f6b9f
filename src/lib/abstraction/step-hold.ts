import {type HoldTag, parseHoldTag} from '../zfs/name.ts'
import {type JobId, readJobId} from './job-id.ts'

const PREFIX = 'zrepl_STEP_J_'

/** The tag by which a sending job keeps both ends of a running step. */
export function stepHoldTag(jobId: JobId): HoldTag {
  return parseHoldTag(`${PREFIX}${jobId}`)
}

/** The job whose step hold this is; `undefined` for every other tag, also for one without a valid job name. */
export function readStepHold(tag: HoldTag): JobId | undefined {
  return tag.startsWith(PREFIX) ? readJobId(tag.slice(PREFIX.length)) : undefined
}
