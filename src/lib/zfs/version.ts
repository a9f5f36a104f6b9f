import {
  type BookmarkName,
  bookmarkName,
  type Createtxg,
  type DatasetName,
  type Guid,
  type SnapshotName,
  snapshotName,
} from './name.ts'

type Common = {
  readonly filesystem: DatasetName
  /** The part behind `@` or `#`. */
  readonly name: string
  /** Identity across pools. */
  readonly guid: Guid
  /** Order within one pool; never compared with another pool's. */
  readonly createtxg: Createtxg
}

type Dated = Common & {
  /** Whole seconds since 1970, by the clock of the host that took the snapshot. For people and retention. */
  readonly creation: number
}

export type Snapshot = Dated & {
  readonly kind: 'snapshot'
  /** How many user holds it has. */
  readonly userrefs: number
  /** The names of its clones, for people; absent when it has none. One that has cannot be destroyed. */
  readonly clones?: string
}

export type Bookmark = Dated & {readonly kind: 'bookmark'}

/** What can be the base of an incremental send. */
export type Version = Snapshot | Bookmark

/** What ZFS tells of a version without opening it. */
export type Identity = Common & {
  readonly kind: Version['kind']
  readonly isCloned: boolean
}

export function isSnapshot(version: Version): version is Snapshot {
  return version.kind === 'snapshot'
}

export function isBookmark(version: Version): version is Bookmark {
  return version.kind === 'bookmark'
}

type Ordered = Pick<Version, 'kind' | 'createtxg'>

/** Oldest first. A bookmark comes before its snapshot, which has the same createtxg. */
export function byCreatetxg(a: Ordered, b: Ordered): number {
  if (a.createtxg !== b.createtxg) return a.createtxg < b.createtxg ? -1 : 1
  return a.kind === b.kind ? 0 : a.kind === 'bookmark' ? -1 : 1
}

/** `fs@name` of a snapshot. */
export function nameOfSnapshot(snapshot: Snapshot): SnapshotName {
  return snapshotName(snapshot.filesystem, snapshot.name)
}

/** `fs#name` of a bookmark. */
export function nameOfBookmark(bookmark: Bookmark): BookmarkName {
  return bookmarkName(bookmark.filesystem, bookmark.name)
}

/** `fs@name` or `fs#name`. */
export function nameOfVersion({
  kind,
  filesystem,
  name,
}: Pick<Version, 'kind' | 'filesystem' | 'name'>): SnapshotName | BookmarkName {
  return kind === 'snapshot' ? snapshotName(filesystem, name) : bookmarkName(filesystem, name)
}

/** `@name` or `#name`: how a version is called inside its filesystem, in logs and reports. */
export function shortName(version: Pick<Version, 'kind' | 'name'>): string {
  return `${version.kind === 'snapshot' ? '@' : '#'}${version.name}`
}
