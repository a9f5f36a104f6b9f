import type {SendFlags} from '../src/lib/zfs/client.ts'

/** The flags of a plain stream. */
export const PLAIN: SendFlags = {
  raw: false,
  properties: false,
  backupProperties: false,
  largeBlocks: false,
  compressed: false,
  embedded: false,
  saved: false,
}
