import type {RunContext} from '../core/context.ts'
import type {ExitStatus} from '../core/exit-code.ts'
import {worstStatus} from '../report/exit-status.ts'
import {renderChanges, statusOfChanges} from '../report/render-changes.ts'
import {type Change, changeOf} from '../upkeep/change.ts'
import {judgeV1Cursors, type SendingJob, type V1Cursor} from '../upkeep/v1-cursor.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {nameOfBookmark} from '../zfs/version.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {readConfig} from './config-file.ts'
import {createZfs} from './endpoints.ts'
import type {Output} from './output.ts'
import {createProcessContext} from './process-context.ts'
import {forEachJob} from './with-job-lock.ts'

/** Destroys the v1 cursors that cursors of today have replaced, each under the lock of the job that owns them. */
export async function migrateReplicationCursor(
  request: Output & {readonly config: string | undefined; readonly dryRun: boolean},
): Promise<ExitStatus> {
  const jobs = readConfig(request.config, request.printError).jobs.filter(
    (job) => job.type === 'push' || job.type === 'source',
  )
  const ctx = createProcessContext('migrate replication-cursor')
  const listing = await readOnly(createZfs({lockFd: undefined})).list(ctx, {roots: [], recursive: true})
  const judged = judgeV1Cursors(listing.versions, jobs)
  if (judged.length === 0) request.print('no cursor of zrepl 0.2 was found\n')
  const kept = request.dryRun ? judged : judged.filter(({owner}) => owner === undefined)
  const status = tell(
    request,
    kept.map(({change}) => change),
  )
  if (request.dryRun) return status

  const cursors = Map.groupBy(judged, ({owner}) => owner)
  const owners = Array.from(cursors.keys()).filter((owner) => owner !== undefined)
  const statuses = await forEachJob(request, owners, async (zfs, owner) =>
    tell(request, await destroyAgainJudged(ctx, zfs, jobs, cursors.get(owner) ?? [])),
  )
  return worstStatus([status, ...statuses])
}

/** The job may have run since they were judged, so they are looked at again. */
async function destroyAgainJudged(
  ctx: RunContext,
  zfs: ZfsClient,
  jobs: readonly SendingJob[],
  cursors: readonly V1Cursor[],
): Promise<readonly Change[]> {
  const versions = await zfs.listVersions(
    ctx,
    cursors.map(({cursor}) => cursor.filesystem),
  )
  const judged = judgeV1Cursors(versions, jobs)
  const doomed = judged.filter(({owner}) => owner !== undefined)
  const outcomes = await zfs.destroyBookmarks(
    ctx,
    doomed.map(({cursor}) => nameOfBookmark(cursor)),
  )
  return [
    ...judged.filter(({owner}) => owner === undefined).map(({change}) => change),
    ...doomed.map(({change}, index) => changeOf(change.what, outcomes[index])),
  ]
}

function tell({print}: Output, changes: readonly Change[]): ExitStatus {
  print(renderChanges(changes))
  return statusOfChanges(changes)
}
