import type {CompressionType} from '../core/stream-stage.ts'
import type {SideView} from '../plan/observation.ts'
import type {DatasetName} from '../zfs/name.ts'

export type {FilesystemView, Sending} from '../plan/observation.ts'

/**
 * What an endpoint has seen of its pools. Names are the sender's on both sides: the receiver has mapped
 * `root_fs[/client_identity]/path` back to `path`, so that only the receiver knows where things lie.
 */
export type EndpointView = SideView & {
  /** Datasets the configuration names that do not exist. */
  readonly missing: readonly DatasetName[]
  /**
   * Sender: those it was asked to confirm that do not exist there, although their pool is imported; of a filesystem that is
   * merely not shown this says nothing. Absent for none.
   */
  readonly absent?: readonly DatasetName[]
  /** What the host's clock showed when it had seen this, in milliseconds since 1970. */
  readonly clockMs: number
  /** How many streams it sends or takes in one request. */
  readonly maxStreams: number
  /** How streams can be compressed there. */
  readonly compressions: readonly CompressionType[]
}

/** The most streams in one request. */
export const MAX_STREAMS = 100
