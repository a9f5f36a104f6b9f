import type {ExitStatus} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {worstStatus} from '../report/exit-status.ts'
import {renderChanges, statusOfChanges} from '../report/render-changes.ts'
import {findOurs, parseNamedObject} from '../upkeep/find-ours.ts'
import {releaseAbstractions, releaseOrder} from '../upkeep/release-abstractions.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {createZfs} from './endpoints.ts'
import type {Output} from './output.ts'
import {createProcessContext} from './process-context.ts'
import {forEachJob} from './with-job-lock.ts'

export type ReleaseHoldsRequest = Output & {
  /** `fs@name` or `fs#name`. */
  readonly object: string
  readonly tags: readonly string[]
  readonly dryRun: boolean
}

/**
 * Releases holds of ours on one snapshot, or destroys one bookmark of ours, each under the lock of its job.
 * Throws `usage` when any of them is somebody else's and `version-gone` when any is not there; nothing is done then.
 */
export async function releaseHolds(request: ReleaseHoldsRequest): Promise<ExitStatus> {
  const {object, tags, dryRun, print} = request
  const named = parseNamedObject(object, tags)
  const ctx = createProcessContext('release holds')
  const ours = await findOurs(ctx, readOnly(createZfs({lockFd: undefined})), named)
  if (ours.length === 0) print(`nothing of ours is on ${printable(object)}\n`)
  if (dryRun) {
    print(renderChanges(ours.map((abstraction) => ({what: releaseOrder(abstraction), state: 'planned'}))))
    return worstStatus([])
  }
  const byJob = Map.groupBy(ours, ({jobId}) => jobId)
  const statuses = await forEachJob(request, byJob.keys(), async (zfs, jobId) => {
    const released = await releaseAbstractions(ctx, zfs, byJob.get(jobId) ?? [])
    const changes = released.map(({change}) => change)
    print(renderChanges(changes))
    return statusOfChanges(changes)
  })
  return worstStatus(statuses)
}
