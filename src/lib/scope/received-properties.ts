import {PLACEHOLDER_PROPERTY} from '../zfs/placeholder.ts'

/** Where the key of an encrypted dataset is fetched from. */
export const KEY_LOCATION = 'keylocation'

/**
 * Properties that a stream does not set on this host unless the receiving job says so: a sender that has gone bad could
 * mount, share or run what it sent, make room or writing impossible, have the key fetched from where it likes, or pass its
 * data for a placeholder of ours (threats T10, T11, T40). zfsprops(7) explains each. `zfs receive -x` leaves a value that was set here; for volumes, to which most of
 * them do not apply, it only prints a warning.
 */
export const WITHHELD_PROPERTIES: readonly string[] = [
  'mountpoint',
  'canmount',
  'overlay',
  'setuid',
  'exec',
  'devices',
  'readonly',
  'sharenfs',
  'sharesmb',
  'snapdir',
  'snapdev',
  'volmode',
  'quota',
  'refquota',
  KEY_LOCATION,
  PLACEHOLDER_PROPERTY,
]

/** What `recv.properties` says: names, and values by name. */
export type ReceivedProperties = {
  readonly inherit: readonly string[]
  readonly override: ReadonlyMap<string, string>
  /** Taken from the stream although they are withheld by default. */
  readonly accept: readonly string[]
}

/** The properties of which the stream's values do not count, for `-x`. What is set by `-o` needs none. */
export function propertiesToInherit({inherit, override, accept}: ReceivedProperties): readonly string[] {
  const withheld = WITHHELD_PROPERTIES.filter((name) => !override.has(name) && !accept.includes(name))
  return Array.from(new Set([...inherit, ...withheld]))
}
