import type {LinearRegex} from '../core/linear-regex.ts'
import type {Snapshot} from '../zfs/version.ts'

/** Which snapshots a job replicates; what is given must all be true. Nothing given = all of them. */
export type SnapshotSelection = {
  readonly prefix?: string | undefined
  readonly regex?: LinearRegex | undefined
}

/**
 * True for what is to be sent. What is not selected does not break the chain: an increment goes from the last common
 * version, whatever its name, to the next selected snapshot, and carries what lies between.
 */
export function isSelected({prefix, regex}: SnapshotSelection, {name}: Snapshot): boolean {
  return (prefix === undefined || name.startsWith(prefix)) && (regex === undefined || regex.matches(name))
}
