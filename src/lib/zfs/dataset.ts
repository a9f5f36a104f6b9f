import type {DatasetName} from './name.ts'

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
}
