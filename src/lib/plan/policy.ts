import type {Compression} from '../core/stream-stage.ts'
import type {CronSchedule} from './cron-schedule.ts'
import type {SnapshotHook} from './hook-policy.ts'
import type {SnapshotSelection} from './snapshot-selection.ts'

/** What a step leaves behind so that an interruption costs nothing (zrepl: `replication.protection`). */
export type Protection = 'guarantee_resumability' | 'guarantee_incremental' | 'guarantee_nothing'

/** How a job wants its filesystems replicated. Built by `config`, read by planners. */
export type ReplicationPolicy = {
  readonly initialReplication: 'most_recent' | 'all' | 'fail'
  /** What becomes of the receiver's copy when the two histories cannot be joined. */
  readonly diverged: 'fail' | 'rename-aside'
  readonly protection: {readonly initial: Protection; readonly incremental: Protection}
  readonly snapshots: SnapshotSelection
  /** How many filesystems are sent at once. */
  readonly concurrentSteps: number
  /** Between the hosts; `undefined`: not at all. */
  readonly compression?: Compression | undefined
}

/** When snapshots are due and what they are called. */
export type SnapshotPolicy = AutomaticSnapshotPolicy | {readonly type: 'manual'}

/** Snapshots that a job takes by itself. */
export type AutomaticSnapshotPolicy = {
  readonly prefix: string
  readonly timestamp: TimestampFormat
  readonly hooks: readonly SnapshotHook[]
  /** Take none where less than this was written since the newest one, bytes; `undefined`: always take one. */
  readonly minWritten: bigint | undefined
} & (
  | {readonly type: 'periodic'; readonly intervalMs: number}
  | {readonly type: 'cron'; readonly schedule: CronSchedule}
)

/**
 * How the moment of a round becomes the part of a snapshot's name behind the prefix. `location` is an IANA time zone,
 * `UTC` or `Local`.
 */
export type TimestampFormat =
  | {readonly format: 'dense' | 'human' | 'iso-8601' | 'unix-seconds'; readonly location: string}
  /** A layout in the reference time of Go's `time` package. */
  | {readonly format: 'layout'; readonly layout: string; readonly location: string}

/** What a stream of the job contains (zrepl: `send`). */
export type SendPolicy = {
  readonly encrypted: boolean
  readonly raw: boolean
  readonly sendProperties: boolean
  readonly backupProperties: boolean
  readonly largeBlocks: boolean
  readonly compressed: boolean
  readonly embeddedData: boolean
  readonly saved: boolean
  readonly bandwidthLimit?: BandwidthLimit | undefined
  /** How much of a stream may wait on this host for the connection; `undefined`: what pipes usually hold. */
  readonly bufferBytes?: number | undefined
}

/** How fast streams may leave, all of a job together. */
export type BandwidthLimit = {
  readonly bytesPerSecond: number
  /** How much may pass at once after a pause, bytes. */
  readonly bucketBytes: number
}

/** What a receiving job does to what arrives (zrepl: `recv`). */
export type ReceivePolicy = {
  readonly properties: {readonly inherit: readonly string[]; readonly override: ReadonlyMap<string, string>}
  readonly placeholderEncryption: 'unspecified' | 'inherit' | 'off'
  readonly bandwidthLimit?: BandwidthLimit | undefined
  /** How much of a stream may wait on this host for ZFS; `undefined`: what pipes usually hold. */
  readonly bufferBytes?: number | undefined
}

/** What a passive side keeps whatever its client wants destroyed. */
export type RetentionFloor = {
  /** Younger snapshots stay. By the date of the snapshot, which for a received one is that of its sender. */
  readonly minAgeMs: number
  /** So many of the newest snapshots of each filesystem stay. */
  readonly minCount: number
}
