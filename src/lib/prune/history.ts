import type {JobId} from '../abstraction/job-id.ts'
import {readCursor} from '../abstraction/replication-cursor.ts'
import type {DatasetName, Guid, HoldTag} from '../zfs/name.ts'
import {
  type Bookmark,
  byCreatetxg,
  isBookmark,
  isSnapshot,
  type Snapshot,
  type Version,
} from '../zfs/version.ts'

/** One side as pruning needs to see it. An endpoint's view fits. */
export type PruneSide = {
  readonly jobId: JobId
  readonly filesystems: readonly History[]
  /** Sender only: datasets that do not exist on it, shown or not, although their pool is imported. */
  readonly absent?: readonly DatasetName[]
}

/** What one side has of one filesystem. */
export type History = {
  readonly filesystem: DatasetName
  readonly placeholder: boolean
  /** Receiver only: state of an interrupted receive. */
  readonly resumeToken: string | undefined
  readonly versions: readonly Version[]
  /** User holds by the snapshot's `name`, without the `@`. */
  readonly holds: ReadonlyMap<string, readonly HoldTag[]>
}

/** Oldest first. */
export function snapshotsOf({versions}: History): readonly Snapshot[] {
  return versions.filter(isSnapshot).toSorted(byCreatetxg)
}

/** The job's replication cursors, oldest first. There is more than one only after a crash. */
export function cursorsOf({versions}: History, jobId: JobId): readonly Bookmark[] {
  return versions
    .filter(isBookmark)
    .filter((bookmark) => {
      const cursor = readCursor(bookmark)
      return cursor?.kind === 'cursor' && cursor.jobId === jobId
    })
    .toSorted(byCreatetxg)
}

/** The guid of the receiver's newest snapshot that the sender knows as a snapshot or bookmark. */
export function lastCommonGuid(sender: History, receiver: History): Guid | undefined {
  const known = new Set(sender.versions.map(({guid}) => guid))
  return snapshotsOf(receiver).findLast(({guid}) => known.has(guid))?.guid
}

/** The history's newest version with this guid. */
export function versionWith({versions}: History, guid: Guid | undefined): Version | undefined {
  return versions.toSorted(byCreatetxg).findLast((version) => version.guid === guid)
}
