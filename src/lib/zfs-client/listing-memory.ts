import type {Dataset, SnapshotsState} from '../zfs/dataset.ts'
import {type DatasetName, type Guid, poolOf, type SnapshotName} from '../zfs/name.ts'
import {isSnapshot, type Snapshot, type Version} from '../zfs/version.ts'

/** Where a listing is kept for the next process, on this host. Losing it costs time and nothing else. */
export type ListingMemory = {
  /** What the host's clocks show; `undefined` where they cannot be compared with those of another process. */
  readClocks(): Clocks | undefined
  /** What was kept last, with what was noted since; `undefined`: nothing, or nothing that is understood. */
  recall(): KeptListing | undefined
  keep(listing: KeptListing): void
  /**
   * Adds to what is kept. What cannot be added makes all that is kept untrue: then it is forgotten, for later processes as
   * well, and why is returned. Never throws.
   */
  note(news: News): string | undefined
}

/** What has become known of something that is kept. */
export type News =
  /** How many holds these have; too many where that is in doubt: then they are asked for. */
  | {readonly kind: 'counted'; readonly userrefs: ReadonlyMap<SnapshotName, number>}
  /** We have received these, until this second of this clock, on what ZFS had said this of, and have seen them since. */
  | {
      readonly kind: 'received'
      readonly dataset: DatasetName
      readonly before: SnapshotsState
      readonly untilSeconds: number
      readonly aheadMs: number
      readonly snapshots: readonly Snapshot[]
    }
  /** Nothing proves any more that what is kept is all there is. */
  | {readonly kind: 'changed'; readonly dataset: DatasetName}

/** Milliseconds: since 1970, and since the host was started, times of sleep included. */
export type Clocks = {readonly wallMs: number; readonly upMs: number}

/** The versions of some datasets, and what they were listed under. */
export type KeptListing = {
  /** By how much the one clock was ahead of the other, which is the same until somebody sets the clock. */
  readonly aheadMs: number
  readonly loadGuids: ReadonlyMap<string, Guid>
  readonly datasets: ReadonlyMap<DatasetName, KeptVersions>
}

export type KeptVersions = {
  /** What ZFS said of the snapshots when these were all of them; `undefined` where that is not proven. */
  readonly state: SnapshotsState | undefined
  /** These are still all of them when ZFS says that the last change was in this second, or before it and after `state`. */
  readonly sameUntilSeconds: number
  /** When everything of them was last listed, in milliseconds since 1970 by the clock of the host. */
  readonly listedMs: number
  readonly versions: readonly Version[]
}

/** What a host shows before it is listed. */
export type Circumstances = {readonly clocks: Clocks; readonly loadGuids: ReadonlyMap<string, Guid>}

/** What may pass within one second of `snapshots_changed`, with the kernel's own coarse clock and small steps added. */
const MARGIN_MS = 2000
/** Whatever nobody has thought of is noticed after a day. */
const MAX_AGE_MS = 24 * 3_600_000
/** Reading two clocks takes a moment, and one of them counts in hundredths of a second. */
const SAME_CLOCK_MS = 500

export function aheadMs({wallMs, upMs}: Clocks): number {
  return wallMs - upMs
}

/** Nobody has set the clock, by more than can pass unseen. */
export function isSameClock(aheadMs: number, before: number): boolean {
  return Math.abs(aheadMs - before) <= SAME_CLOCK_MS
}

/**
 * What of a kept listing still says something: the pool has been imported by this host all the time, the clock was not
 * set, and it is not a day old. What does not change with a version may be taken from it; which there are may not.
 */
export function stillKnown(
  kept: KeptListing | undefined,
  {clocks, loadGuids}: Circumstances,
): ReadonlyMap<DatasetName, KeptVersions> {
  if (kept === undefined || !isSameClock(aheadMs(clocks), kept.aheadMs)) return new Map()
  return new Map(
    Array.from(kept.datasets).filter(([name, {listedMs}]) => {
      const loaded = loadGuids.get(poolOf(name))
      return (
        loaded !== undefined &&
        loaded === kept.loadGuids.get(poolOf(name)) &&
        listedMs <= clocks.wallMs &&
        listedMs + MAX_AGE_MS > clocks.wallMs
      )
    }),
  )
}

/**
 * Those of `known` whose snapshots are proven to be all that `datasets` have: ZFS says that nothing has changed since a
 * moment that was past when they were listed, but what we have received ourselves. Whatever is doubtful is left out, and
 * so is listed.
 */
export function unchangedAmong(
  known: ReadonlyMap<DatasetName, KeptVersions>,
  datasets: readonly Dataset[],
  clocks: Clocks,
): ReadonlyMap<DatasetName, KeptVersions> {
  return new Map(
    datasets.flatMap(({name, snapshotsState}) => {
      const kept = known.get(name)
      if (kept === undefined || snapshotsState === undefined || !isSameState(kept, snapshotsState)) return []
      return isPast(snapshotsState, clocks) ? [[name, kept]] : []
    }),
  )
}

/**
 * Whether a listing begun at `clocks` proves which snapshots a dataset has: not when one may have been made or destroyed
 * after it was listed and in the same second, and not when one has clones, of which nothing tells when they go. A dataset
 * that has no snapshots although there were some may have lost them on the way to us.
 */
export function isProof(
  state: SnapshotsState | undefined,
  versions: readonly Version[],
  clocks: Clocks,
): state is SnapshotsState {
  const snapshots = versions.filter(isSnapshot)
  return (
    state !== undefined &&
    (state.changedSeconds === 0) === (snapshots.length === 0) &&
    isPast(state, clocks) &&
    snapshots.every(({clones}) => clones === undefined)
  )
}

/** Whether what was kept is all there was when ZFS said `now`. */
export function isSameState({state: before, sameUntilSeconds}: KeptVersions, now: SnapshotsState): boolean {
  return (
    before !== undefined &&
    before.guid === now.guid &&
    before.createtxg === now.createtxg &&
    before.origin === now.origin &&
    before.changedSeconds <= now.changedSeconds &&
    now.changedSeconds <= sameUntilSeconds
  )
}

function isPast({changedSeconds}: SnapshotsState, {wallMs}: Clocks): boolean {
  return changedSeconds * 1000 + MARGIN_MS <= wallMs
}
