import {isNonEmpty, type NonEmpty} from '../core/assert.ts'
import type {Guid} from '../zfs/name.ts'
import {byCreatetxg, isSnapshot, type Snapshot, type Version} from '../zfs/version.ts'

/** What separates the receiver from the sender, as a value: "nothing to do" and conflicts are results, not errors. */
export type Diff =
  | {readonly kind: 'up-to-date'; readonly common: Version}
  | {readonly kind: 'incremental'; readonly from: Version; readonly missing: NonEmpty<Snapshot>}
  | {readonly kind: 'initial'; readonly missing: NonEmpty<Snapshot>}
  | {readonly kind: 'conflict'; readonly conflict: DiffConflict}

/** Whether a snapshot is to be sent. */
type Wanted = (snapshot: Snapshot) => boolean

/** Why two histories cannot be joined without a person. `common` is the sender's version. */
export type DiffConflict =
  | {
      readonly kind: 'no-sender-snapshots'
      readonly sender: readonly Version[]
      readonly receiver: readonly Snapshot[]
    }
  | {readonly kind: 'none-selected'; readonly sender: NonEmpty<Snapshot>}
  | {
      readonly kind: 'no-common-ancestor'
      readonly sender: NonEmpty<Version>
      readonly receiver: NonEmpty<Snapshot>
    }
  | {
      readonly kind: 'diverged'
      readonly common: Version
      readonly senderOnly: readonly Version[]
      readonly receiverOnly: NonEmpty<Snapshot>
    }
  | NameTaken

/** The receiver has another snapshot under the name of one that is to be sent. */
export type NameTaken = {readonly kind: 'name-taken'; readonly wanted: Snapshot; readonly taken: Snapshot}

/**
 * Finds the shortest history the receiver lacks (zrepl: `IncrementalPath`).
 *
 * Versions are matched by guid, because names are local labels, and ordered by createtxg within each side.
 * The two sides' createtxg are never compared: they belong to different pools.
 * Receiver bookmarks are ignored: `zfs receive` cannot use them as a base. Of a bookmark and a snapshot with the same
 * guid the snapshot is `from`. A receiver without snapshots is initial whatever bookmarks the sender has (zrepl#558).
 * What is not `wanted` is passed over, as if it had been taken for somebody else.
 */
export function diffVersions(
  sender: readonly Version[],
  receiver: readonly Version[],
  wanted: Wanted = () => true,
): Diff {
  const ours = sender.toSorted(byCreatetxg)
  const theirs = receiver.filter(isSnapshot).toSorted(byCreatetxg)

  if (!isNonEmpty(theirs)) {
    const snapshots = unknownTo(theirs, ours)
    const missing = snapshots.filter(wanted)
    if (isNonEmpty(missing)) return {kind: 'initial', missing}
    return isNonEmpty(snapshots)
      ? conflict({kind: 'none-selected', sender: snapshots})
      : conflict({kind: 'no-sender-snapshots', sender: ours, receiver: theirs})
  }
  if (!isNonEmpty(ours)) return conflict({kind: 'no-sender-snapshots', sender: ours, receiver: theirs})

  const last = lastCommon(ours, theirs)
  if (last === undefined) return conflict({kind: 'no-common-ancestor', sender: ours, receiver: theirs})

  const {common, senderOnly, receiverOnly} = last
  if (isNonEmpty(receiverOnly)) return conflict({kind: 'diverged', common, senderOnly, receiverOnly})

  const missing = unknownTo(theirs, senderOnly).filter(wanted)
  if (!isNonEmpty(missing)) return {kind: 'up-to-date', common}

  const taken = findTakenName(missing, theirs)
  return taken === undefined ? {kind: 'incremental', from: common, missing} : conflict(taken)
}

/** The first of `wanted` whose name another snapshot of the receiver has; `zfs receive` would refuse it. */
export function findTakenName(
  wanted: readonly Snapshot[],
  receiver: readonly Version[],
): NameTaken | undefined {
  const byName = new Map(receiver.filter(isSnapshot).map((snapshot) => [snapshot.name, snapshot]))
  for (const snapshot of wanted) {
    const taken = byName.get(snapshot.name)
    if (taken !== undefined && taken.guid !== snapshot.guid) {
      return {kind: 'name-taken', wanted: snapshot, taken}
    }
  }
  return undefined
}

/** The snapshots among `versions` that the receiver does not have, each guid once. */
export function unknownTo(receiver: readonly Version[], versions: readonly Version[]): readonly Snapshot[] {
  const known = new Set<Guid>(receiver.filter(isSnapshot).map(({guid}) => guid))
  return versions.filter(isSnapshot).filter(({guid}) => {
    if (known.has(guid)) return false
    known.add(guid)
    return true
  })
}

type LastCommon = {
  readonly common: Version
  readonly senderOnly: readonly Version[]
  readonly receiverOnly: readonly Snapshot[]
}

/** The newest snapshot of the receiver that the sender knows, and what each side has after it. Both in order. */
function lastCommon(sender: readonly Version[], receiver: readonly Snapshot[]): LastCommon | undefined {
  // The last index of a guid wins, which is the snapshot where a bookmark has the same guid.
  const indexOf = new Map(sender.map(({guid}, index) => [guid, index]))
  const theirs = receiver.findLastIndex(({guid}) => indexOf.has(guid))
  const guid = receiver[theirs]?.guid
  const ours = guid === undefined ? -1 : (indexOf.get(guid) ?? -1)
  const common = sender[ours]
  return common && {common, senderOnly: sender.slice(ours + 1), receiverOnly: receiver.slice(theirs + 1)}
}

function conflict(conflict: DiffConflict): Diff {
  return {kind: 'conflict', conflict}
}
