import type {RunContext} from '../core/context.ts'
import type {IncomingStream, OutgoingStream} from '../core/stream.ts'
import type {BookmarkName, SnapshotName} from '../zfs/name.ts'
import type {CallLibrary} from './call-library.ts'

/**
 * libzfs_core, as far as we use it. The only way in which the library client touches the world beside the `zfs` command:
 * implemented by `host` with the real library in children of ours, by the simulator with a model of the kernel.
 *
 * All throw what stopped them: the reason of `ctx.signal`, `deadline`, and what `inspect` has refused a stream with.
 */
export type Library = {
  /** Changes many objects of one pool. */
  readonly call: CallLibrary
  /** How long the stream would be, bytes. `undefined` when there is no answer, as for `CallLibrary`. */
  measure(ctx: RunContext, stream: LibrarySend): Promise<LibrarySize | undefined>
  /** Writes the stream into its sink. `undefined` when nothing was written, because the library cannot be used. */
  send(ctx: RunContext, stream: LibrarySend, into: OutgoingStream): Promise<LibraryStreamEnd | undefined>
  /**
   * Reads exactly one stream as `to`, keeping what arrived of one that breaks off. `undefined` when nothing was taken out of
   * the pipe: because the library cannot be used, or because the stream brings properties, which the kernel does not read.
   */
  receive(ctx: RunContext, to: SnapshotName, from: IncomingStream): Promise<LibraryStreamEnd | undefined>
}

export type LibrarySend = {
  readonly to: SnapshotName
  readonly from: SnapshotName | BookmarkName | undefined
  readonly flags: LibrarySendFlags
  /** Where a partial receive is to be continued; all of it is ours, decoded and judged. */
  readonly resume: LibraryResume | undefined
}

export type LibrarySendFlags = {
  readonly raw: boolean
  readonly largeBlocks: boolean
  readonly compressed: boolean
  readonly embedded: boolean
}

/** `bytes`: how much has arrived already. */
export type LibraryResume = {readonly object: bigint; readonly offset: bigint; readonly bytes: bigint}

export type LibrarySize = {readonly errno: number; readonly bytes: bigint}

/** `died`: the process that made the call has gone, and nobody knows how far it came. */
export type LibraryStreamEnd = {readonly kind: 'ended'; readonly errno: number} | {readonly kind: 'died'}
