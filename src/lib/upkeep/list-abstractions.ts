import {
  type Abstraction,
  type BookmarkAbstraction,
  type HeldAbstraction,
  readBookmarkAbstraction,
  readHeldAbstraction,
} from '../abstraction/abstraction.ts'
import type {RunContext} from '../core/context.ts'
import {missingFrom} from '../scope/missing.ts'
import type {ZfsClient} from '../zfs/client.ts'
import type {DatasetName} from '../zfs/name.ts'
import {isBookmark, isSnapshot, nameOfSnapshot, type Snapshot} from '../zfs/version.ts'
import type {Query} from './query.ts'

/** `missing` are datasets that were asked for by name and do not exist. */
export type ListedAbstractions = {
  readonly abstractions: readonly Abstraction[]
  readonly missing: readonly DatasetName[]
}

/**
 * Finds what is ours: one look at the datasets, and one at the holds of the snapshots that have any. Ordered by
 * dataset, then by createtxg, then by tag. What another program left under a name like ours is not in it.
 */
export async function listAbstractions(
  ctx: RunContext,
  zfs: ZfsClient,
  {filter, types, jobId}: Query,
): Promise<ListedAbstractions> {
  const listing = await zfs.list(ctx, {roots: filter.roots, recursive: filter.recursive})
  const versions = listing.datasets
    .filter(({name}) => filter.accepts(name))
    .flatMap(({name}) => listing.versions.get(name) ?? [])
  const wantsHolds = types.has('step-hold') || types.has('last-received-hold')
  const held = wantsHolds ? await heldAbstractions(ctx, zfs, versions.filter(isSnapshot)) : new Map()

  const ours = versions.flatMap((version): readonly Abstraction[] =>
    isBookmark(version) ? ofBookmark(readBookmarkAbstraction(version)) : (held.get(version) ?? []),
  )
  return {
    abstractions: ours.filter(
      (abstraction) => types.has(abstraction.type) && (jobId === undefined || abstraction.jobId === jobId),
    ),
    missing: missingFrom(filter, listing.datasets),
  }
}

function ofBookmark(abstraction: BookmarkAbstraction | undefined): readonly Abstraction[] {
  return abstraction === undefined ? [] : [abstraction]
}

/** ZFS prints the holds of one snapshot in an order that differs from pool to pool. */
async function heldAbstractions(
  ctx: RunContext,
  zfs: ZfsClient,
  snapshots: readonly Snapshot[],
): Promise<ReadonlyMap<Snapshot, readonly HeldAbstraction[]>> {
  const held = snapshots.filter(({userrefs}) => userrefs > 0)
  const tags = await zfs.holds(ctx, held.map(nameOfSnapshot))
  return new Map(
    held.map((snapshot) => [
      snapshot,
      (tags.get(nameOfSnapshot(snapshot)) ?? [])
        .toSorted()
        .flatMap((tag) => readHeldAbstraction(snapshot, tag) ?? []),
    ]),
  )
}
