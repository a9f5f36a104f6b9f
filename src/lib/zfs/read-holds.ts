import {forEachRow} from './for-each-row.ts'
import {foundHoldTag, type HoldTag, type SnapshotName} from './name.ts'

/**
 * Reads what `listHoldsCommand(snapshots)` printed, decoded as latin1: the tags on each snapshot that has any.
 * The time of a hold is not read: before OpenZFS 2.2 it is text for people.
 * Throws `zfs-output` on a snapshot that was not asked for, a tag listed twice, and everything not understood.
 */
export function readHolds(
  stdout: string,
  snapshots: readonly SnapshotName[],
): ReadonlyMap<SnapshotName, readonly HoldTag[]> {
  const asked = new Map<string, SnapshotName>(snapshots.map((snapshot) => [snapshot, snapshot]))
  const holds = new Map<SnapshotName, HoldTag[]>()

  forEachRow('zfs holds', stdout, 3, (fields) => {
    const [name = '', text = '', time = ''] = fields
    const snapshot = asked.get(name)
    if (snapshot === undefined) return 'this snapshot was not asked for'
    if (time === '') return 'a hold without a time'
    const tag = foundHoldTag(text)
    const tags = holds.get(snapshot)
    if (tags?.includes(tag)) return 'listed twice'
    if (tags === undefined) holds.set(snapshot, [tag])
    else tags.push(tag)
    return undefined
  })

  return holds
}
