import type {Dataset, SnapshotsState} from '../zfs/dataset.ts'
import {type DatasetName, type Guid, poolOf} from '../zfs/name.ts'
import type {Snapshot} from '../zfs/version.ts'

/** Where a listing is kept for the next process, on this host. Losing it costs time and nothing else. */
export type ListingMemory = {
  /** What the host's clocks show; `undefined` where they cannot be compared with those of another process. */
  readClocks(): Clocks | undefined
  /** What was kept last; `undefined`: nothing, or nothing that is understood. */
  recall(): KeptListing | undefined
  keep(listing: KeptListing): void
  /** Holds on snapshots of these datasets are about to change. */
  forget(datasets: readonly DatasetName[]): void
}

/** Milliseconds: since 1970, and since the host was started, times of sleep included. */
export type Clocks = {readonly wallMs: number; readonly upMs: number}

/** The snapshots of some datasets, and what they were listed under. */
export type KeptListing = {
  /** By how much the one clock was ahead of the other, which is the same until somebody sets the clock. */
  readonly aheadMs: number
  readonly loadGuids: ReadonlyMap<string, Guid>
  readonly datasets: ReadonlyMap<DatasetName, KeptSnapshots>
}

export type KeptSnapshots = {
  readonly state: SnapshotsState
  /** When they were listed, in milliseconds since 1970 by the clock of the host. */
  readonly listedMs: number
  readonly snapshots: readonly Snapshot[]
}

/** What a host shows before it is listed. */
export type Prospect = {
  readonly clocks: Clocks
  readonly loadGuids: ReadonlyMap<string, Guid>
  readonly datasets: readonly Dataset[]
}

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
 * The datasets whose snapshots are proven to be the kept ones: the pool has been imported by this host all the time, the
 * clock was not set, and ZFS says that nothing has changed since a moment that was past when they were listed. Whatever
 * is doubtful is left out, and so is listed.
 */
export function unchangedSince(
  kept: KeptListing | undefined,
  {clocks, loadGuids, datasets}: Prospect,
): ReadonlyMap<DatasetName, KeptSnapshots> {
  if (kept === undefined || !isSameClock(aheadMs(clocks), kept.aheadMs)) return new Map()
  return new Map(
    datasets.flatMap(({name, snapshotsState}) => {
      const known = kept.datasets.get(name)
      const pool = poolOf(name)
      const loaded = loadGuids.get(pool)
      if (known === undefined || snapshotsState === undefined || loaded === undefined) return []
      const isSame =
        loaded === kept.loadGuids.get(pool) &&
        isSameState(known.state, snapshotsState) &&
        isPast(snapshotsState, clocks) &&
        known.listedMs <= clocks.wallMs &&
        known.listedMs + MAX_AGE_MS > clocks.wallMs
      return isSame ? [[name, known]] : []
    }),
  )
}

/**
 * Whether a listing begun at `clocks` may be kept for a dataset: not when a snapshot may have been made or destroyed after
 * it was listed and in the same second, and not when one has clones, of which nothing tells when they go. A dataset that
 * has no snapshots although there were some may have lost them on the way to us.
 */
export function isWorthKeeping(
  {snapshotsState}: Dataset,
  snapshots: readonly Snapshot[],
  clocks: Clocks,
): boolean {
  return (
    snapshotsState !== undefined &&
    (snapshotsState.changedSeconds === 0) === (snapshots.length === 0) &&
    isPast(snapshotsState, clocks) &&
    snapshots.every(({clones}) => clones === undefined)
  )
}

function isSameState(a: SnapshotsState, b: SnapshotsState): boolean {
  return (
    a.guid === b.guid &&
    a.createtxg === b.createtxg &&
    a.origin === b.origin &&
    a.changedSeconds === b.changedSeconds
  )
}

function isPast({changedSeconds}: SnapshotsState, {wallMs}: Clocks): boolean {
  return changedSeconds * 1000 + MARGIN_MS <= wallMs
}
