import type {RunContext} from '../core/context.ts'
import type {StreamHandle} from '../core/stream.ts'
import type {Compression} from '../core/stream-stage.ts'
import type {Protection} from '../plan/policy.ts'
import type {Outcome, SnapshotOutcome} from '../zfs/client.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'
import type {EndpointView} from './view.ts'

/**
 * The side that owns the filesystems. Requests name versions by guid; the names used in commands come from the
 * endpoint's own listing. Every request passes the endpoint's own filter.
 *
 * Methods that take many requests answer in their order and fail per request, not as a whole.
 */
export type Sender = {
  /**
   * `confirm`: what was told before is told again, with those of these filesystems listed that were only remembered, and
   * told which of the others do not exist here, shown or not.
   */
  observe(ctx: RunContext, confirm?: readonly DatasetName[]): Promise<EndpointView>
  /** What each stream would be. For people only: nothing is decided by it. */
  estimate(ctx: RunContext, requests: readonly SendRequest[]): Promise<readonly Estimate[]>
  /** Before a series of steps: makes all of their ends indestructible as `protection` asks. */
  protect(ctx: RunContext, requests: readonly ProtectRequest[]): Promise<readonly Outcome[]>
  /** After the receiver has confirmed `to`: moves the cursor there, then drops what protected the step. */
  complete(ctx: RunContext, requests: readonly CompleteRequest[]): Promise<readonly Outcome[]>
  /** What destroying each of these would free, in bytes. For people only: nothing is decided by it. */
  estimateDestroy(
    ctx: RunContext,
    requests: readonly DestroyRequest[],
  ): Promise<readonly (bigint | undefined)[]>
  /** Destroys snapshots if their guid is still the one judged. */
  destroySnapshots(ctx: RunContext, requests: readonly DestroyRequest[]): Promise<readonly DestroyReply[]>
}

/** The sender on this host: it can also produce streams and snapshots. */
export type LocalSender = Sender & {
  /** Checks all of the requests against policy and pool, before the first of their streams. */
  prepareSend(ctx: RunContext, requests: readonly SendRequest[]): Promise<SendStreams>
  /** Bytes written since the newest snapshot of each filesystem. */
  written(ctx: RunContext, filesystems: readonly DatasetName[]): Promise<ReadonlyMap<DatasetName, bigint>>
  /** One snapshot of each filesystem, all of one pool in one transaction as far as possible. */
  takeSnapshots(
    ctx: RunContext,
    filesystems: readonly DatasetName[],
    name: string,
  ): Promise<readonly SnapshotOutcome[]>
}

/** Writes one stream after the other. Throws when one is not complete. */
export type SendStreams = (ctx: RunContext, sink: StreamHandle, how?: StreamsHow) => Promise<void>

/** How the streams of one request travel. */
export type StreamsHow = {
  readonly began?: StreamBegan | undefined
  /** `undefined`: as ZFS has made them. */
  readonly compression?: Compression | undefined
}

/** Is told when a stream is about to begin, by its position among those of the request. */
export type StreamBegan = (index: number) => void

export type Estimate = {
  /** Size of the stream as ZFS guesses it; `undefined` when it cannot tell. */
  readonly bytes: bigint | undefined
  /** Why the stream would not be sent at all. */
  readonly refusal: string | undefined
}

export type SendRequest = {
  readonly filesystem: DatasetName
  readonly from: FromRef | undefined
  readonly to: Guid
  readonly resumeToken: string | undefined
}

/** A bookmark and a snapshot can share a guid, so the kind is part of the reference. */
export type FromRef = {readonly kind: 'snapshot' | 'bookmark'; readonly guid: Guid}

/** `to`: the snapshots of the steps of a series, in order; `from` is where the first begins. */
export type ProtectRequest = {
  readonly filesystem: DatasetName
  readonly from: FromRef | undefined
  readonly to: readonly Guid[]
  readonly protection: Protection
}

export type CompleteRequest = {
  readonly filesystem: DatasetName
  readonly to: Guid
  readonly protection: Protection
}

export type DestroyRequest = {readonly filesystem: DatasetName; readonly snapshots: readonly SnapshotRef[]}

export type SnapshotRef = {readonly name: string; readonly guid: Guid}

/** In the order of the request's snapshots. */
export type DestroyReply = {readonly filesystem: DatasetName; readonly outcomes: readonly Outcome[]}
