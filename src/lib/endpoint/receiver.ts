import type {RunContext} from '../core/context.ts'
import type {OperationalError} from '../core/errors.ts'
import type {StreamHandle} from '../core/stream.ts'
import type {Protection} from '../plan/policy.ts'
import type {Outcome} from '../zfs/client.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'
import type {DestroyReply, DestroyRequest, StreamsHow} from './sender.ts'
import type {EndpointView} from './view.ts'

/** The side that owns a subtree below `root_fs`. Every request is confined to it; see `Sender` for the manners. */
export type Receiver = {
  /** `confirm`: what was told before is told again, with those of these filesystems listed that were only remembered. */
  observe(ctx: RunContext, confirm?: readonly DatasetName[]): Promise<EndpointView>
  /** Gives up an interrupted receive (`zfs receive -A`). */
  abortPartial(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<readonly Outcome[]>
  /** Renames copies of its own that cannot be continued to `NAME_diverged_GUID` (see `asideName`), and lets go of them. */
  setAside(ctx: RunContext, requests: readonly SetAsideRequest[]): Promise<readonly Outcome[]>
  /**
   * Moves the last-received hold to `to`, for filesystems that have received it without holding it: in this run (see
   * `confirm`), or in one that was killed. Looks at the pool first: what is not there with that guid fails.
   */
  holdLastReceived(ctx: RunContext, requests: readonly HoldLastReceivedRequest[]): Promise<readonly Outcome[]>
  /** What destroying each of these would free, in bytes. For people only: nothing is decided by it. */
  estimateDestroy(
    ctx: RunContext,
    requests: readonly DestroyRequest[],
  ): Promise<readonly (bigint | undefined)[]>
  destroySnapshots(ctx: RunContext, requests: readonly DestroyRequest[]): Promise<readonly DestroyReply[]>
}

/** The receiver on this host: it can also take streams. */
export type LocalReceiver = Receiver & {
  /**
   * Receives exactly one stream from `source` for each request, in order: sees the announced guid on the pool, then moves
   * the hold. `to` counts as arrived when it is there, whatever the exit status of `zfs receive` was; with
   * `confirm: 'later'` also when `zfs receive` says so: then nothing is proven until `holdLastReceived`, for many at once,
   * has looked, or until one behind it is proven, for ZFS adds an increment only to the snapshot it begins at.
   * Throws when none has arrived.
   */
  receive(
    ctx: RunContext,
    requests: readonly ReceiveRequest[],
    source: StreamHandle,
    how?: StreamsHow,
  ): Promise<ReceiveReply>
}

export type ReceiveRequest = {
  readonly filesystem: DatasetName
  readonly type: 'filesystem' | 'volume'
  /** The stream is encrypted as it is. */
  readonly raw: boolean
  readonly from: Guid | undefined
  readonly to: {readonly name: string; readonly guid: Guid}
  readonly protection: Protection
  readonly resuming: boolean
  readonly confirm: 'now' | 'later'
}

export type ReceiveReply = {
  /** So many have arrived, the first ones. With `failure` all of these have been seen on the pool. */
  readonly arrived: number
  /** Snapshots are there, but something around them failed (a mount, an older hold). */
  readonly warnings: readonly string[]
  /** Why the next one has not arrived. The source is somewhere within a stream then. */
  readonly failure?: OperationalError
}

export type HoldLastReceivedRequest = {readonly filesystem: DatasetName; readonly to: Guid}

/** `newest`: the guid of its newest snapshot, so that no other copy is renamed than the one that was judged. */
export type SetAsideRequest = {readonly filesystem: DatasetName; readonly newest: Guid}
