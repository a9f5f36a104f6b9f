import type {RunContext} from '../core/context.ts'
import type {IncomingStream, OutgoingStream} from '../core/stream.ts'
import type {Dataset} from './dataset.ts'
import type {BookmarkName, DatasetName, Guid, HoldTag, SnapshotName} from './name.ts'
import type {ZfsFailure} from './read-stderr.ts'
import type {Bookmark, Snapshot, Version} from './version.ts'

/**
 * What a host can be asked. Implemented on the `zfs` command, and on libzfs_core for what changes many objects.
 *
 * Mutating operations take many objects and answer with an outcome for each, in the order given, so that an
 * implementation may batch. They are idempotent: what is already as wished is `done`.
 * They throw only when the host as a whole cannot be worked with (no `zfs`, aborted, killed by its deadline).
 */
export type ZfsClient = {
  /** One look at `roots` and, when recursive, everything below. Roots that do not exist are named, not an error. */
  list(ctx: RunContext, query: ListQuery): Promise<Listing>
  /** The versions of exactly these filesystems, no children. Missing ones have no entry. */
  listVersions(
    ctx: RunContext,
    filesystems: readonly DatasetName[],
  ): Promise<ReadonlyMap<DatasetName, readonly Version[]>>
  /** These snapshots as they are now, whatever else their filesystems have. Missing ones have no entry. */
  snapshots(ctx: RunContext, names: readonly SnapshotName[]): Promise<ReadonlyMap<SnapshotName, Snapshot>>
  /** The user holds on snapshots that have any. A snapshot that has vanished has no entry. */
  holds(
    ctx: RunContext,
    snapshots: readonly SnapshotName[],
  ): Promise<ReadonlyMap<SnapshotName, readonly HoldTag[]>>

  /** Which of these datasets do not exist, looked at in this order. Neither does what lies on a pool that is not imported. */
  missing(ctx: RunContext, datasets: readonly DatasetName[]): Promise<readonly DatasetName[]>
  /** Bytes written since the newest snapshot of each (zfsprops(7), `written`). Missing ones have no entry. */
  written(ctx: RunContext, datasets: readonly DatasetName[]): Promise<ReadonlyMap<DatasetName, bigint>>

  /** Which of these properties have a value on `dataset` that came with a stream (zfsprops(7), source `received`). */
  received(ctx: RunContext, dataset: DatasetName, properties: readonly string[]): Promise<readonly string[]>
  /** Where the dataset's own key is fetched from (zfsprops(7), `keylocation`); `undefined` where it has none. */
  keyLocation(ctx: RunContext, dataset: DatasetName): Promise<string | undefined>

  /**
   * All of one pool's snapshots in one transaction, or none of that pool's. Where that is not possible, in as few as
   * possible; the outcomes then say which was taken in which.
   */
  snapshot(ctx: RunContext, snapshots: readonly SnapshotName[]): Promise<readonly SnapshotOutcome[]>
  hold(ctx: RunContext, holds: readonly Hold[]): Promise<readonly Outcome[]>
  release(ctx: RunContext, holds: readonly Hold[]): Promise<readonly Outcome[]>
  /** `done` also when the bookmark exists with the same guid as its source. */
  bookmark(ctx: RunContext, bookmarks: readonly NewBookmark[]): Promise<readonly Outcome[]>
  /** Destroys those whose guid is still the one given. Another one that has taken the name stays, and is a failure. */
  destroySnapshots(ctx: RunContext, snapshots: readonly JudgedSnapshot[]): Promise<readonly Outcome[]>
  destroyBookmarks(ctx: RunContext, bookmarks: readonly BookmarkName[]): Promise<readonly Outcome[]>
  /** Creates an empty unmounted dataset carrying the placeholder property; `done` if it exists already. */
  createPlaceholder(ctx: RunContext, dataset: DatasetName, encryption: 'inherit' | 'off'): Promise<Outcome>
  setPlaceholder(ctx: RunContext, dataset: DatasetName, value: 'on' | 'off'): Promise<Outcome>
  setKeyLocation(ctx: RunContext, dataset: DatasetName, location: string): Promise<Outcome>
  /** `done` also when it has been renamed already. */
  rename(ctx: RunContext, from: DatasetName, to: DatasetName): Promise<Outcome>
  /** Ends a partial receive; `done` also when there is none. */
  abortReceive(ctx: RunContext, dataset: DatasetName): Promise<Outcome>

  /** Bytes that destroying these snapshots of one dataset would free; `undefined` when ZFS does not say. Destroys nothing. */
  estimateDestroy(ctx: RunContext, snapshots: readonly SnapshotName[]): Promise<bigint | undefined>
  /** Size in bytes of what `send` would emit, as ZFS estimates it; `undefined` when it does not say. */
  estimate(ctx: RunContext, args: SendArgs): Promise<bigint | undefined>
  /** Writes the stream into its sink until it ends by itself. Throws what the stream is refused with. */
  send(ctx: RunContext, args: SendArgs, stream: OutgoingStream): Promise<Outcome>
  /** Reads exactly one stream. `done` is a claim to be confirmed by guid. Throws what the stream is refused with. */
  receive(ctx: RunContext, args: ReceiveArgs, stream: IncomingStream): Promise<Outcome>
}

export type Outcome = {readonly kind: 'done'} | {readonly kind: 'failed'; readonly failure: ZfsFailure}

/** `transaction` counts within a pool from 0; absent when the pool needed only one. */
export type SnapshotOutcome = Outcome & {readonly transaction?: number}

export type ListQuery = {
  /** The listing covers these datasets; empty = all pools. */
  readonly roots: readonly DatasetName[]
  /** Also all datasets below the roots. */
  readonly recursive: boolean
}

export type Listing = {
  readonly datasets: readonly Dataset[]
  /** By dataset, in order of createtxg. A dataset without versions has no entry. */
  readonly versions: ReadonlyMap<DatasetName, readonly Version[]>
  readonly missingRoots: readonly DatasetName[]
  /** Datasets whose snapshots were not listed, since they are those of an earlier listing. */
  readonly remembered: ReadonlySet<DatasetName>
  /** Datasets of which it is not known how many holds their snapshots have now, but how many they had. */
  readonly uncounted: ReadonlySet<DatasetName>
}

/** A snapshot as it was when somebody decided that it goes. */
export type JudgedSnapshot = {readonly name: SnapshotName; readonly guid: Guid}

export type Hold = {readonly snapshot: SnapshotName; readonly tag: HoldTag}

export type NewBookmark = {readonly bookmark: BookmarkName; readonly source: Snapshot | Bookmark}

/** What to send, as a value: validated before it becomes words of a command line. */
export type SendArgs = {
  readonly to: Snapshot
  readonly from: Version | undefined
  readonly flags: SendFlags
  /** Continue a partial receive; already decoded and compared with `to`, `from` and the flags. */
  readonly resumeToken: string | undefined
}

/** The flags of `zfs send`, spelled out as in zfs-send(8). */
export type SendFlags = {
  readonly raw: boolean
  readonly properties: boolean
  readonly backupProperties: boolean
  readonly largeBlocks: boolean
  readonly compressed: boolean
  readonly embedded: boolean
  readonly saved: boolean
}

export type ReceiveArgs = {
  /** The full name the stream is received as; the name inside the stream is never used. */
  readonly to: SnapshotName
  /** Replaces a placeholder without snapshots: the only case in which `-F` is ever used. */
  readonly replacesPlaceholder: boolean
  readonly inherit: readonly string[]
  readonly override: ReadonlyMap<string, string>
}
