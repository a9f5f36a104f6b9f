import type {JobId} from '../abstraction/job-id.ts'
import type {DatasetName, HoldTag} from '../zfs/name.ts'
import type {Version} from '../zfs/version.ts'

/**
 * What an endpoint has seen of its pools. Names are the sender's on both sides: the receiver has mapped
 * `root_fs[/client_identity]/path` back to `path`, so that only the receiver knows where things lie.
 */
export type EndpointView = {
  /** The job that owns the abstractions this endpoint leaves on its pool. */
  readonly jobId: JobId
  readonly filesystems: readonly FilesystemView[]
  /** Datasets the configuration names that do not exist. */
  readonly missing: readonly DatasetName[]
}

export type FilesystemView = {
  readonly filesystem: DatasetName
  readonly type: 'filesystem' | 'volume'
  readonly placeholder: boolean
  readonly encrypted: boolean
  /** Receiver only: state of an interrupted receive. */
  readonly resumeToken: string | undefined
  /** In order of createtxg. */
  readonly versions: readonly Version[]
  /** User holds by the snapshot's short name; snapshots without holds have no entry. */
  readonly holds: ReadonlyMap<string, readonly HoldTag[]>
}
