import type {Createtxg, DatasetName, Guid} from './name.ts'

/** A live filesystem or volume as listed, with the properties we ask for. */
export type Dataset = {
  readonly name: DatasetName
  readonly type: 'filesystem' | 'volume'
  /** `on`: an empty stand-in of ours. Only a locally set property counts; a received or inherited one is ignored. */
  readonly placeholder: boolean
  /** The locally set property as it stands, whatever it means; anybody may have set it. `undefined`: not set. */
  readonly placeholderValue: string | undefined
  /** State of an interrupted `zfs receive -s`, still text. */
  readonly resumeToken: string | undefined
  readonly encrypted: boolean
  /** Only of encrypted ones: its content can be read and written. */
  readonly keyLoaded: boolean
  /** Bytes written since the newest snapshot, or ever where there is none. */
  readonly written: bigint
  /** Only where it was asked for and ZFS tells. */
  readonly snapshotsState?: SnapshotsState
}

/**
 * What is the same as long as the dataset has the same snapshots under the same names (zfsprops(7)), with what
 * docs/decisions/0014 adds to it. Bookmarks, holds and clones are no part of it.
 */
export type SnapshotsState = {
  readonly guid: Guid
  readonly createtxg: Createtxg
  /** The snapshot it is a clone of, or `-`: promoting a clone moves snapshots into it. */
  readonly origin: string
  /** When a snapshot was last made, renamed or destroyed: whole seconds since 1970 by the clock of the host; 0: never. */
  readonly changedSeconds: number
}
