import type {RunContext} from '../core/context.ts'
import type {StreamHandle} from '../core/stream.ts'
import type {Protection} from '../plan/policy.ts'
import type {Outcome} from '../zfs/client.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'
import type {DestroyReply, DestroyRequest} from './sender.ts'
import type {EndpointView} from './view.ts'

/** The side that owns a subtree below `root_fs`. Every request is confined to it; see `Sender` for the manners. */
export type Receiver = {
  observe(ctx: RunContext): Promise<EndpointView>
  /** Gives up an interrupted receive (`zfs receive -A`). */
  abortPartial(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<readonly Outcome[]>
  /** Renames copies that cannot be continued to `NAME_diverged_GUID`, and lets go of them. */
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
   * Receives exactly one stream from `source`, sees the announced guid on the pool, then moves the hold.
   * Resolves only when `to` is there, whatever the exit status of `zfs receive` was; with `confirm: 'later'` also when
   * `zfs receive` says so: then nothing is proven until `holdLastReceived`, for many at once, has looked.
   */
  receive(ctx: RunContext, request: ReceiveRequest, source: StreamHandle): Promise<ReceiveReply>
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

/** `warnings`: the snapshot is there, but something around it failed (a mount, an older hold). */
export type ReceiveReply = {readonly warnings: readonly string[]}

export type HoldLastReceivedRequest = {readonly filesystem: DatasetName; readonly to: Guid}

/** `newest`: the guid of its newest snapshot, so that no other copy is renamed than the one that was judged. */
export type SetAsideRequest = {readonly filesystem: DatasetName; readonly newest: Guid}
