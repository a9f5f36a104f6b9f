import type {Listing, Outcome, ZfsClient} from '../zfs/client.ts'
import {destroyJudged} from './destroy.ts'
import {estimateDestroys} from './estimate-destroy.ts'
import {CANNOT_DROP, moveHolds} from './last-received.ts'
import {isEmptyPlaceholder} from './placeholder.ts'
import {createKnownPool} from './pool.ts'
import {receive} from './receive.ts'
import type {LocalReceiver} from './receiver.ts'
import type {ReceiverSettings} from './receiving-side.ts'
import {requireRootFs} from './root-fs.ts'
import {setAside} from './set-aside.ts'
import {MAX_STREAMS} from './view.ts'

/** The receiver on this host. It owns the last-received holds of its job and the placeholders below its root. */
export function createLocalReceiver(zfs: ZfsClient, settings: ReceiverSettings): LocalReceiver {
  const {jobId, mapping, floor, pace, stages} = settings
  const pool = createKnownPool(zfs)
  const side = {...settings, zfs, pool}
  let listing: Listing | undefined

  return {
    async observe(ctx, confirm) {
      if (listing === undefined || confirm === undefined) {
        listing = await pool.list(ctx, [mapping.base], true)
        await requireRootFs(ctx, side)
      }
      const doubted = confirm?.map((filesystem) => mapping.toReceiver(filesystem)) ?? []
      await pool.confirm(ctx, doubted)
      const mapped = listing.datasets.flatMap((dataset) => {
        const filesystem = mapping.toSender(dataset.name)
        return filesystem === undefined ? [] : [{dataset, filesystem}]
      })
      const holds = await pool.holds(
        ctx,
        mapped.map(({dataset}) => dataset.name),
      )
      return {
        jobId,
        missing: [],
        clockMs: ctx.clock.now(),
        // What lies behind a stream that is slowed down may be lost.
        maxStreams: pace === undefined ? MAX_STREAMS : 1,
        compressions: stages.compressions(),
        filesystems: mapped.map(({dataset, filesystem}) => ({
          filesystem,
          type: dataset.type,
          placeholder: isEmptyPlaceholder(side, dataset),
          encrypted: dataset.encrypted,
          written: dataset.written,
          resumeToken: dataset.resumeToken,
          versions: pool.versions(dataset.name).map((version) => ({...version, filesystem})),
          ...(pool.isRemembered(dataset.name) ? {remembered: true} : {}),
          holds: holds.get(dataset.name) ?? new Map(),
        })),
      }
    },

    async abortPartial(ctx, filesystems) {
      const outcomes: Outcome[] = []
      for (const filesystem of filesystems) {
        const dataset = mapping.toReceiver(filesystem)
        outcomes.push(await zfs.abortReceive(ctx, dataset))
        await pool.list(ctx, [dataset], false)
      }
      return outcomes
    },

    async setAside(ctx, requests) {
      const outcomes: Outcome[] = []
      for (const {filesystem, newest} of requests)
        outcomes.push(
          await setAside(ctx, zfs, pool, {dataset: mapping.toReceiver(filesystem), newest, jobId}),
        )
      return outcomes
    },

    async holdLastReceived(ctx, requests) {
      const moved = await moveHolds(ctx, side, requests)
      for (const [index, {dropped}] of moved.entries()) {
        if (dropped.kind === 'failed')
          ctx.log.of('endpoint').warn(CANNOT_DROP, {
            filesystem: requests[index]?.filesystem,
            error: dropped.failure.message,
          })
      }
      return moved.map(({held}) => held)
    },

    async estimateDestroy(ctx, requests) {
      return await estimateDestroys(ctx, zfs, pool, requests, (filesystem) => mapping.toReceiver(filesystem))
    },

    async destroySnapshots(ctx, requests) {
      return await destroyJudged(ctx, zfs, pool, requests, floor, (filesystem) =>
        mapping.toReceiver(filesystem),
      )
    },

    receive: (ctx, requests, source, how) => receive(ctx, side, requests, source, how),
  }
}
