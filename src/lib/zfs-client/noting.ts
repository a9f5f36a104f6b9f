import type {RunContext} from '../core/context.ts'
import type {Hold, ZfsClient} from '../zfs/client.ts'
import type {SnapshotsState} from '../zfs/dataset.ts'
import {type DatasetName, datasetOf, type SnapshotName} from '../zfs/name.ts'
import {isSnapshot, nameOfSnapshot} from '../zfs/version.ts'
import {aheadMs, type Clocks, type ListingMemory, type News} from './listing-memory.ts'

/** What was received into one dataset and has not been seen yet, and what the clocks showed when the last of it was through. */
type Received = {readonly snapshots: Set<SnapshotName>; readonly clocks: Clocks}

/**
 * The same client, of whose doings `memory` learns what no listing tells it: nothing ZFS says of a dataset changes with the
 * holds on its snapshots, and what we have received ourselves need not be listed. A process that is killed in between has
 * noted too little to prove anything, never too much. Memory that is lost stops nothing: it is told once.
 */
export function noting(zfs: ZfsClient, memory: ListingMemory): ZfsClient {
  const states = new Map<DatasetName, SnapshotsState | undefined>()
  const counts = new Map<SnapshotName, number>()
  const unseen = new Map<DatasetName, Received>()

  let isLost = false

  function note(ctx: RunContext, news: News): void {
    const because = memory.note(news)
    if (because === undefined || isLost) return
    isLost = true
    ctx.log.of('zfs.cmd').warn('what was listed is forgotten', {because})
  }

  function count(ctx: RunContext, news: ReadonlyMap<SnapshotName, number>): void {
    if (news.size === 0) return
    for (const [snapshot, number] of news) counts.set(snapshot, number)
    note(ctx, {kind: 'counted', userrefs: news})
  }

  /** One hold more, or one less, on each. How many are left of a number that this process does not know is not guessed. */
  function recount(ctx: RunContext, holds: readonly Hold[], change: 1 | -1): void {
    const news = new Map<SnapshotName, number>()
    for (const {snapshot} of holds) {
      const before = news.get(snapshot) ?? counts.get(snapshot) ?? (change === 1 ? 0 : undefined)
      if (before !== undefined) news.set(snapshot, Math.max(before + change, 0))
    }
    count(ctx, news)
  }

  function lose(ctx: RunContext, ...datasets: readonly DatasetName[]): void {
    for (const dataset of datasets) {
      states.delete(dataset)
      unseen.delete(dataset)
      note(ctx, {kind: 'changed', dataset})
    }
  }

  return {
    ...zfs,
    async list(ctx, query) {
      const listing = await zfs.list(ctx, query)
      for (const {name, snapshotsState} of listing.datasets) states.set(name, snapshotsState)
      if (query.recursive) counts.clear()
      for (const versions of listing.versions.values())
        for (const version of versions)
          if (isSnapshot(version) && version.userrefs > 0)
            counts.set(nameOfSnapshot(version), version.userrefs)
      return listing
    },
    async holds(ctx, snapshots) {
      const holds = await zfs.holds(ctx, snapshots)
      const found = snapshots.map((name) => [name, holds.get(name)?.length ?? 0] as const)
      count(ctx, new Map(found.filter(([name, number]) => counts.get(name) !== number)))
      return holds
    },
    // Whoever is killed here has counted too many: then they are asked for.
    async hold(ctx, holds) {
      recount(ctx, holds, 1)
      return await zfs.hold(ctx, holds)
    },
    async release(ctx, holds) {
      const outcomes = await zfs.release(ctx, holds)
      recount(
        ctx,
        holds.filter((_, index) => outcomes[index]?.kind === 'done'),
        -1,
      )
      return outcomes
    },
    // In the second in which the last stream was through, nothing else would tell.
    async destroySnapshots(ctx, snapshots) {
      lose(ctx, ...new Set(snapshots.map(({name}) => datasetOf(name))))
      return await zfs.destroySnapshots(ctx, snapshots)
    },
    async rename(ctx, from, to) {
      lose(ctx, from, to)
      return await zfs.rename(ctx, from, to)
    },
    async receive(ctx, args, stream) {
      const dataset = datasetOf(args.to)
      const {snapshots} = unseen.get(dataset) ?? {snapshots: new Set()}
      // What has failed may have done so because somebody else was at it.
      const outcome = await zfs.receive(ctx, args, stream).catch((error: unknown) => {
        lose(ctx, dataset)
        throw error
      })
      const clocks = memory.readClocks()
      if (outcome.kind === 'failed' || clocks === undefined) lose(ctx, dataset)
      else unseen.set(dataset, {snapshots: snapshots.add(args.to), clocks})
      return outcome
    },
    async snapshots(ctx, names) {
      const datasets = Array.from(new Set(names.map(datasetOf)))
      const received = datasets.flatMap((dataset) => Array.from(unseen.get(dataset)?.snapshots ?? []))
      const found = await zfs.snapshots(ctx, Array.from(new Set([...names, ...received])))
      for (const dataset of datasets) {
        const [before, ours] = [states.get(dataset), unseen.get(dataset)]
        if (before === undefined || ours === undefined) continue
        const snapshots = Array.from(ours.snapshots).flatMap((name) => found.get(name) ?? [])
        if (snapshots.length < ours.snapshots.size) lose(ctx, dataset)
        else
          note(ctx, {
            kind: 'received',
            dataset,
            before,
            untilSeconds: Math.floor(ours.clocks.wallMs / 1000),
            aheadMs: aheadMs(ours.clocks),
            snapshots,
          })
        unseen.delete(dataset)
      }
      for (const [name, {userrefs}] of found) counts.set(name, userrefs)
      const asked = new Set(names)
      return new Map(Array.from(found).filter(([name]) => asked.has(name)))
    },
  }
}
