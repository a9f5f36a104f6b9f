import type {JobId} from '../abstraction/job-id.ts'
import type {Pace} from '../core/stream.ts'
import type {StreamStages} from '../core/stream-stage.ts'
import type {ReceivePolicy, RetentionFloor} from '../plan/policy.ts'
import type {Mapping} from '../scope/mapping.ts'
import type {ZfsClient} from '../zfs/client.ts'
import type {DatasetName} from '../zfs/name.ts'
import type {KnownPool} from './pool.ts'

/** What a job that receives is configured to do. */
export type ReceiverSettings = {
  readonly jobId: JobId
  readonly rootFs: DatasetName
  /** `root_fs[/client_identity]/path` ↔ `path`. */
  readonly mapping: Mapping
  readonly recv: ReceivePolicy
  readonly floor: RetentionFloor
  /** For all of its streams together; `undefined`: as fast as they come. */
  readonly pace: Pace | undefined
  readonly stages: StreamStages
}

/** Everything the parts of a receiver share: how it is configured, ZFS, and what is known of it. */
export type ReceivingSide = ReceiverSettings & {readonly zfs: ZfsClient; readonly pool: KnownPool}
