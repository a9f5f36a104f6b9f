import type {JobId} from '../abstraction/job-id.ts'
import type {DatasetName, HoldTag} from '../zfs/name.ts'
import type {Version} from '../zfs/version.ts'

/** One side as a planner needs to see it. An endpoint's view fits. */
export type SideView = {
  /** The job that owns the abstractions this side leaves on its pool. */
  readonly jobId: JobId
  readonly filesystems: readonly FilesystemView[]
}

/** One filesystem or volume. Both sides use the sender's name for it. */
export type FilesystemView = {
  readonly filesystem: DatasetName
  readonly type: 'filesystem' | 'volume'
  readonly placeholder: boolean
  readonly encrypted: boolean
  /** Sender only: what it would send, or why it would not. */
  readonly sending?: Sending
  /** Receiver only: state of an interrupted receive. */
  readonly resumeToken: string | undefined
  /** Receiver only: bytes written since its newest snapshot. Above 0 it takes no increment. */
  readonly written?: bigint
  /** In order of createtxg. */
  readonly versions: readonly Version[]
  /**
   * Its snapshots are proven to be those of an earlier listing, and were not listed again. Holds that were set since then
   * and clones that were made are not seen. Absent where it was listed.
   */
  readonly remembered?: true
  /** User holds by the snapshot's `name`, without the `@`; snapshots without holds have no entry. */
  readonly holds: ReadonlyMap<string, readonly HoldTag[]>
}

/** What the policy of the sending job makes of a filesystem. */
export type Sending =
  /** `raw`: as it is on disk, encrypted, so that neither side needs its key. */
  {readonly kind: 'allowed'; readonly raw: boolean} | ({readonly kind: 'refused'} & Refusal)

/** Why a filesystem is not sent until a person has changed something. */
export type Refusal = {
  readonly code: 'send-policy' | 'key-not-loaded'
  readonly message: string
  readonly hint: string
}
