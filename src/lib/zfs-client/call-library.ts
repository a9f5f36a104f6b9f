import type {RunContext} from '../core/context.ts'
import type {BookmarkName, SnapshotName} from '../zfs/name.ts'

/**
 * Changes many objects by one call of libzfs_core.
 *
 * `undefined` when there is no answer: no library, one that is not as expected or does not see the pool, or the child
 * has died. Then nothing is known of what was done. Throws what stopped it: the reason of `ctx.signal`, or `deadline`.
 */
export type CallLibrary = (ctx: RunContext, call: LibraryCall) => Promise<LibraryAnswer | undefined>

export type LibraryOperation =
  | 'hold'
  | 'release'
  | 'bookmark'
  | 'destroy-bookmarks'
  | 'destroy-snapshots'
  /** `DESTROY_PROGRAM`, of which the answer has a number for each name. */
  | 'destroy-judged'
  | 'snapshot'

export type LibraryCall = {
  readonly operation: LibraryOperation
  readonly pool: string
  /** Of this pool, each name once: with the tag of a hold, the source of a bookmark, the guid of what was judged, or nothing. */
  readonly objects: readonly LibraryObject[]
  /** How long it may take, milliseconds. */
  readonly deadlineMs: number
}

export type LibraryObject = readonly [name: SnapshotName | BookmarkName, value: string]

export type LibraryAnswer = {
  /** What the function returned: 0, or why it did not do all. */
  readonly errno: number
  /** Why not, for the objects the kernel named. */
  readonly errors: Readonly<Record<string, number>>
}
