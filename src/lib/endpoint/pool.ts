import type {RunContext} from '../core/context.ts'
import type {Hold, Listing, NewBookmark, Outcome, ZfsClient} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import {
  type BookmarkName,
  type DatasetName,
  datasetOf,
  type Guid,
  type HoldTag,
  type SnapshotName,
  shortNameOf,
  snapshotName,
} from '../zfs/name.ts'
import {
  byCreatetxg,
  isBookmark,
  isSnapshot,
  nameOfBookmark,
  nameOfSnapshot,
  type Snapshot,
  type Version,
} from '../zfs/version.ts'

/**
 * What this process knows of its host: what it has listed, and what it has changed itself since.
 * Every name in a mutating command comes from here; what is not known is listed once more before it is called missing.
 */
export type KnownPool = {
  /** Lists the roots; what was known of these datasets is replaced. */
  list(ctx: RunContext, roots: readonly DatasetName[], recursive: boolean): Promise<Listing>
  /** Lists the versions of these filesystems afresh, without their children. */
  relist(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<void>
  dataset(ctx: RunContext, name: DatasetName): Promise<Dataset | undefined>
  /** Lists what is only remembered of these filesystems: nothing is changed that this process has not listed. */
  confirm(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<void>
  /** A snapshot of this name is about to come by a stream, unless that fails. */
  expect(snapshot: SnapshotName): void
  /**
   * Looks for the snapshots with these guids, by the names they were listed under or expected as: one command, that looks at
   * no others. Only filesystems in which one is not found so, or is held by others than was known, are listed. What was
   * sought and found before is not looked at again.
   */
  seek(ctx: RunContext, wanted: readonly Wanted[]): Promise<void>
  /** The first version that `is` accepts, listing the filesystem again if there is none. */
  find<T extends Version>(
    ctx: RunContext,
    filesystem: DatasetName,
    is: (version: Version) => version is T,
  ): Promise<T | undefined>
  versions(filesystem: DatasetName): readonly Version[]
  /** Its snapshots have not been listed by this process. */
  isRemembered(filesystem: DatasetName): boolean
  /** How many holds and clones they have is only remembered. */
  isUncounted(filesystem: DatasetName): boolean
  /** User holds of these filesystems by the snapshot's short name; asks ZFS only for what it does not know. */
  holds(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<ReadonlyMap<DatasetName, HoldsByName>>

  hold(ctx: RunContext, holds: readonly Hold[]): Promise<readonly Outcome[]>
  release(ctx: RunContext, holds: readonly Hold[]): Promise<readonly Outcome[]>
  bookmark(ctx: RunContext, bookmarks: readonly NewBookmark[]): Promise<readonly Outcome[]>
  destroyBookmarks(ctx: RunContext, bookmarks: readonly BookmarkName[]): Promise<readonly Outcome[]>
}

/** A snapshot to look for. */
export type Wanted = {readonly filesystem: DatasetName; readonly guid: Guid}

export type HoldsByName = ReadonlyMap<string, readonly HoldTag[]>

/** Makes an empty memory in front of `zfs`. */
export function createKnownPool(zfs: ZfsClient): KnownPool {
  const datasets = new Map<DatasetName, Dataset>()
  const versions = new Map<DatasetName, readonly Version[]>()
  const holds = new Map<DatasetName, Map<string, HoldTag[]>>()
  const remembered = new Set<DatasetName>()
  const uncounted = new Set<DatasetName>()
  /** What was found, and so is sure even where its filesystem is only remembered. */
  const sought = new Map<SnapshotName, Guid>()
  const expected = new Map<DatasetName, SnapshotName>()
  let confirmed = 0

  async function list(ctx: RunContext, roots: readonly DatasetName[], recursive: boolean): Promise<Listing> {
    const listing = await zfs.list(ctx, {roots, recursive})
    for (const missing of listing.missingRoots) datasets.delete(missing)
    for (const dataset of listing.datasets) {
      datasets.set(dataset.name, dataset)
      versions.set(dataset.name, listing.versions.get(dataset.name) ?? [])
      holds.delete(dataset.name)
      if (listing.remembered.has(dataset.name)) remembered.add(dataset.name)
      else remembered.delete(dataset.name)
      if (listing.uncounted.has(dataset.name)) uncounted.add(dataset.name)
      else uncounted.delete(dataset.name)
    }
    return listing
  }

  async function confirm(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<void> {
    const wanted = filesystems.filter((filesystem) => remembered.has(filesystem))
    if (wanted.length === 0) return
    // Who comes a second time will come again: then everything, by one more command and not by one for each.
    confirmed += 1
    await relist(ctx, confirmed === 1 ? wanted : Array.from(remembered))
  }

  async function relist(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<void> {
    const listed = await zfs.listVersions(ctx, filesystems)
    for (const filesystem of filesystems) {
      versions.set(filesystem, listed.get(filesystem) ?? [])
      holds.delete(filesystem)
      remembered.delete(filesystem)
      uncounted.delete(filesystem)
    }
  }

  async function seek(ctx: RunContext, wanted: readonly Wanted[]): Promise<void> {
    const places = wanted.map(({filesystem, guid}) => {
      const known = versions.get(filesystem)?.find((one) => isSnapshot(one) && one.guid === guid)
      const name = known === undefined ? expected.get(filesystem) : snapshotName(filesystem, known.name)
      return {filesystem, guid, name}
    })
    const open = places.filter(({name, guid}) => name === undefined || sought.get(name) !== guid)
    const names = open.flatMap(({name}) => (name === undefined ? [] : [name]))
    const found = await zfs.snapshots(ctx, Array.from(new Set(names)))
    const lost = open.filter(({filesystem, guid, name}) => {
      const snapshot = name === undefined ? undefined : found.get(name)
      if (snapshot?.guid !== guid || isHeldOtherwise(filesystem, snapshot)) return true
      note(filesystem, snapshot)
      return false
    })
    if (lost.length > 0) await relist(ctx, Array.from(new Set(lost.map(({filesystem}) => filesystem))))
  }

  /** Puts a snapshot as it is now among what is known of its filesystem. */
  function note(filesystem: DatasetName, snapshot: Snapshot): void {
    const others = (versions.get(filesystem) ?? []).filter(
      (other) => !(isSnapshot(other) && (other.name === snapshot.name || other.guid === snapshot.guid)),
    )
    versions.set(filesystem, [...others, snapshot].sort(byCreatetxg))
    sought.set(nameOfSnapshot(snapshot), snapshot.guid)
  }

  /** Somebody else has held it or released it since: then what is known of all holds of its filesystem is worth nothing. */
  function isHeldOtherwise(filesystem: DatasetName, {name, userrefs}: Snapshot): boolean {
    const known = holds.get(filesystem)
    return known !== undefined && (known.get(name)?.length ?? 0) !== userrefs
  }

  async function askHolds(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<void> {
    for (const filesystem of filesystems) holds.set(filesystem, new Map())
    const held = filesystems
      .flatMap((filesystem) => versions.get(filesystem) ?? [])
      .filter(isSnapshot)
      .filter(({userrefs}) => userrefs > 0)
    if (held.length === 0) return
    const answer = await zfs.holds(ctx, held.map(nameOfSnapshot))
    for (const snapshot of held) {
      const tags = answer.get(nameOfSnapshot(snapshot)) ?? []
      if (tags.length > 0) holds.get(snapshot.filesystem)?.set(snapshot.name, [...tags])
    }
    for (const filesystem of new Set(held.map(({filesystem}) => filesystem))) recount(filesystem)
  }

  /** How many holds a snapshot had may be what an earlier run knew. */
  function recount(filesystem: DatasetName): void {
    const byName = holds.get(filesystem)
    const known = versions.get(filesystem) ?? []
    versions.set(
      filesystem,
      known.map((one) => (isSnapshot(one) ? {...one, userrefs: byName?.get(one.name)?.length ?? 0} : one)),
    )
  }

  async function noting<T>(
    objects: readonly T[],
    change: (objects: readonly T[]) => Promise<readonly Outcome[]>,
    note: (object: T) => void,
  ) {
    if (objects.length === 0) return []
    const outcomes = await change(objects)
    for (const [index, outcome] of outcomes.entries()) {
      const object = objects[index]
      if (outcome.kind === 'done' && object !== undefined) note(object)
    }
    return outcomes
  }

  return {
    list,
    relist,
    confirm,
    seek,
    expect: (snapshot) => {
      expected.set(datasetOf(snapshot), snapshot)
    },
    async dataset(ctx, name) {
      if (!datasets.has(name)) await list(ctx, [name], false)
      return datasets.get(name)
    },
    async find(ctx, filesystem, is) {
      const sure = versions.get(filesystem)?.find(is)
      if (sure !== undefined && isSnapshot(sure) && sought.get(nameOfSnapshot(sure)) === sure.guid)
        return sure
      await confirm(ctx, [filesystem])
      const known = versions.get(filesystem)?.find(is)
      if (known !== undefined) return known
      await relist(ctx, [filesystem])
      return versions.get(filesystem)?.find(is)
    },
    versions: (filesystem) => versions.get(filesystem) ?? [],
    isRemembered: (filesystem) => remembered.has(filesystem),
    isUncounted: (filesystem) => uncounted.has(filesystem),
    async holds(ctx, filesystems) {
      const unknown = filesystems.filter((filesystem) => !holds.has(filesystem))
      if (unknown.length > 0) await askHolds(ctx, unknown)
      return new Map(filesystems.map((filesystem) => [filesystem, holds.get(filesystem) ?? new Map()]))
    },

    hold: (ctx, wanted) =>
      noting(
        wanted,
        (wanted) => zfs.hold(ctx, wanted),
        ({snapshot, tag}) => {
          const known = holds.get(datasetOf(snapshot))
          const tags = known?.get(shortNameOf(snapshot)) ?? []
          known?.set(shortNameOf(snapshot), [...tags.filter((other) => other !== tag), tag])
        },
      ),
    release: (ctx, unwanted) =>
      noting(
        unwanted,
        (unwanted) => zfs.release(ctx, unwanted),
        ({snapshot, tag}) => {
          const known = holds.get(datasetOf(snapshot))
          known?.set(
            shortNameOf(snapshot),
            (known.get(shortNameOf(snapshot)) ?? []).filter((other) => other !== tag),
          )
        },
      ),
    bookmark: (ctx, wanted) =>
      noting(
        wanted,
        (wanted) => zfs.bookmark(ctx, wanted),
        ({bookmark, source}) => {
          const {filesystem, guid, createtxg, creation} = source
          const made = {
            kind: 'bookmark' as const,
            filesystem,
            name: shortNameOf(bookmark),
            guid,
            createtxg,
            creation,
          }
          const others = (versions.get(filesystem) ?? []).filter(
            (other) => !(isBookmark(other) && other.name === made.name),
          )
          versions.set(filesystem, [...others, made])
        },
      ),
    destroyBookmarks: (ctx, unwanted) =>
      noting(
        unwanted,
        (unwanted) => zfs.destroyBookmarks(ctx, unwanted),
        (bookmark) => {
          const filesystem = datasetOf(bookmark)
          const known = versions.get(filesystem) ?? []
          versions.set(
            filesystem,
            known.filter((other) => !(isBookmark(other) && nameOfBookmark(other) === bookmark)),
          )
        },
      ),
  }
}

/** The outcome of a request made of several steps: the first failure, else done. */
export function firstFailure(outcomes: readonly Outcome[]): Outcome {
  return outcomes.find(({kind}) => kind === 'failed') ?? {kind: 'done'}
}
