import type {JobId} from '../abstraction/job-id.ts'
import type {Pace} from '../core/stream.ts'
import type {StreamStages} from '../core/stream-stage.ts'
import type {RetentionFloor, SendPolicy} from '../plan/policy.ts'
import {confineToFilter} from '../scope/confine.ts'
import type {Filter} from '../scope/filter.ts'
import {missingFrom} from '../scope/missing.ts'
import type {Listing, ZfsClient} from '../zfs/client.ts'
import {type DatasetName, snapshotName} from '../zfs/name.ts'
import {findAbsent} from './absent.ts'
import {destroyJudged} from './destroy.ts'
import {estimateDestroys} from './estimate-destroy.ts'
import {createFindVersion} from './find-version.ts'
import {createKnownPool} from './pool.ts'
import {sendingOf} from './send-policy.ts'
import type {LocalSender} from './sender.ts'
import {createSenderProtection} from './sender-protection.ts'
import {createSending} from './sending.ts'
import {MAX_STREAMS} from './view.ts'

/** What a job that sends is configured to do. */
export type SenderSettings = {
  readonly jobId: JobId
  readonly filter: Filter
  /** Who asks is another host, which is not to learn what exists beside the filter. */
  readonly servesPeer: boolean
  readonly send: SendPolicy
  readonly floor: RetentionFloor
  /** For all of its streams together; `undefined`: as fast as they go. */
  readonly pace: Pace | undefined
  readonly stages: StreamStages
}

/** The sender on this host. It owns the step holds, cursors and tentative cursors of its job, and touches no other's. */
export function createLocalSender(
  zfs: ZfsClient,
  {jobId, filter, servesPeer, send: policy, floor, pace, stages}: SenderSettings,
): LocalSender {
  const pool = createKnownPool(zfs)
  const find = createFindVersion(pool, filter)
  let listing: Listing | undefined

  function datasetOf(filesystem: DatasetName): DatasetName | undefined {
    return filter.accepts(filesystem) ? filesystem : undefined
  }

  return {
    ...createSending(zfs, pool, find, {policy, pace, stages}),
    ...createSenderProtection(pool, find, jobId),

    async observe(ctx, confirm) {
      if (listing === undefined || confirm === undefined) listing = await pool.list(ctx, filter.roots, true)
      await pool.confirm(ctx, confirm ?? [])
      const datasets = listing.datasets.filter(({name}) => filter.accepts(name))
      const names = datasets.map(({name}) => name)
      const holds = await pool.holds(ctx, names)
      const shown = new Set(names)
      const absent = await findAbsent(
        ctx,
        zfs,
        (confirm ?? []).filter((name) => !shown.has(name) && (!servesPeer || filter.accepts(name))),
      )
      return {
        jobId,
        missing: missingFrom(filter, listing.datasets),
        ...(absent.length === 0 ? {} : {absent}),
        clockMs: ctx.clock.now(),
        maxStreams: MAX_STREAMS,
        compressions: stages.compressions(),
        filesystems: datasets.map((dataset) => ({
          filesystem: dataset.name,
          type: dataset.type,
          placeholder: dataset.placeholder,
          encrypted: dataset.encrypted,
          sending: sendingOf(policy, dataset),
          resumeToken: undefined,
          versions: pool.versions(dataset.name),
          ...(pool.isRemembered(dataset.name) ? {remembered: true} : {}),
          holds: holds.get(dataset.name) ?? new Map(),
        })),
      }
    },

    async estimateDestroy(ctx, requests) {
      return await estimateDestroys(ctx, zfs, pool, requests, datasetOf)
    },

    async destroySnapshots(ctx, requests) {
      return await destroyJudged(ctx, zfs, pool, requests, floor, datasetOf)
    },

    async written(ctx, filesystems) {
      for (const filesystem of filesystems) confineToFilter(filter, filesystem)
      return await zfs.written(ctx, filesystems)
    },

    async takeSnapshots(ctx, filesystems, name) {
      for (const filesystem of filesystems) confineToFilter(filter, filesystem)
      return await zfs.snapshot(
        ctx,
        filesystems.map((filesystem) => snapshotName(filesystem, name)),
      )
    },
  }
}
