import {formatDuration} from '../core/units.ts'
import type {RetentionFloor} from '../plan/policy.ts'
import type {Guid} from '../zfs/name.ts'
import {byCreatetxg, type Snapshot} from '../zfs/version.ts'

/** Keeps nothing from being destroyed. */
export const NO_FLOOR: RetentionFloor = {minAgeMs: 0, minCount: 0}

/** True when it keeps nothing from being destroyed, so that nobody has to look. */
export function isNoFloor({minAgeMs, minCount}: RetentionFloor): boolean {
  return minAgeMs === 0 && minCount === 0
}

/**
 * Which of a filesystem's snapshots this side does not give away whatever its client asks for, and why. Judged on this
 * side's own listing: a client can neither hide snapshots from it nor make up new ones.
 * One dated in the future counts as young.
 */
export function heldByFloor(
  snapshots: readonly Snapshot[],
  {minAgeMs, minCount}: RetentionFloor,
  nowMs: number,
): ReadonlyMap<Guid, string> {
  const newestFirst = snapshots.toSorted(byCreatetxg).toReversed()
  return new Map(
    newestFirst.flatMap(({guid, creation}, index): readonly [Guid, string][] => {
      if (index < minCount) return [[guid, `one of the newest ${minCount}`]]
      if (minAgeMs > 0 && creation * 1000 + minAgeMs > nowMs) {
        return [[guid, `not ${formatDuration(minAgeMs)} old yet`]]
      }
      return []
    }),
  )
}
