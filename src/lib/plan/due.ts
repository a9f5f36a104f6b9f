import {quoted} from '../core/printable.ts'
import type {DatasetName} from '../zfs/name.ts'
import {byCreatetxg, isSnapshot, type Snapshot} from '../zfs/version.ts'
import {nextTick} from './cron-schedule.ts'
import type {FilesystemView} from './observation.ts'
import type {AutomaticSnapshotPolicy, SnapshotPolicy} from './policy.ts'

/** Which filesystems are to get a snapshot, and when the others will. */
export type DueFilesystems = {
  readonly due: readonly FilesystemView[]
  readonly notDue: readonly {readonly filesystem: DatasetName; readonly nextDueMs: number}[]
  readonly warnings: readonly string[]
}

/** Which snapshots a run is to take: those that are due, or one of every filesystem, perhaps with a name of its own. */
export type WantedSnapshots = 'due' | 'all' | {readonly name: string}

/**
 * Decides which filesystems get a snapshot now, from the snapshots they have: no state is kept elsewhere, and it does
 * not matter how often it is asked. Placeholders never get one.
 *
 * With `periodic` a filesystem is due when its newest snapshot with the policy's prefix, by createtxg, is older than
 * the interval, with `cron` when a moment the expression means has passed since then, and always when it has none.
 *
 * A timer never fires at exactly the same distance, and a snapshot that comes one period late because the timer was a
 * second early would halve the rhythm: so an interval counts as over 5 % before its end, 30 s at most. A cron
 * expression means moments, and timers do not fire before theirs.
 *
 * A snapshot from the future (the clock was wrong then, or is now) tells nothing about age. Its filesystem is due, with
 * a warning: one snapshot too many is harmless, and the new one, being the newest by createtxg, sets things right.
 */
export function dueFilesystems(
  policy: SnapshotPolicy,
  filesystems: readonly FilesystemView[],
  nowMs: number,
  wanted: WantedSnapshots,
): DueFilesystems {
  const candidates = filesystems.filter(({placeholder}) => !placeholder)
  if (wanted !== 'due') return {due: candidates, notDue: [], warnings: []}
  if (policy.type === 'manual') return {due: [], notDue: [], warnings: []}

  const nextDueAfter = createNextDue(policy)
  const judged = candidates.map((view) => ({view, verdict: judge(policy, view, nextDueAfter, nowMs)}))
  return {
    due: judged.filter(({verdict}) => verdict.isDue).map(({view}) => view),
    notDue: judged.flatMap(({view: {filesystem}, verdict}) =>
      verdict.isDue ? [] : [{filesystem, nextDueMs: verdict.nextDueMs}],
    ),
    warnings: judged.flatMap(({verdict}) => verdict.warning ?? []),
  }
}

type Verdict =
  | {readonly isDue: true; readonly warning?: string}
  | {readonly isDue: false; readonly nextDueMs: number; readonly warning?: undefined}

function judge(
  policy: AutomaticSnapshotPolicy,
  view: FilesystemView,
  nextDueAfter: (takenMs: number) => number,
  nowMs: number,
): Verdict {
  const newest = newestOf(policy, view)
  if (newest === undefined) return {isDue: true}

  const takenMs = newest.creation * 1000
  const tolerance = toleranceMs(policy)
  if (takenMs - nowMs > tolerance) {
    const ahead = Math.round((takenMs - nowMs) / 1000)
    return {
      isDue: true,
      warning: `${quoted(`${view.filesystem}@${newest.name}`)} is ${ahead} s in the future: was the clock wrong?`,
    }
  }
  const nextDueMs = nextDueAfter(takenMs)
  const early = policy.type === 'periodic' ? tolerance : 0
  return nowMs >= nextDueMs - early ? {isDue: true} : {isDue: false, nextDueMs}
}

/** The newest snapshot that counts as the policy's own. */
export function newestOf(
  {prefix}: AutomaticSnapshotPolicy,
  {versions}: FilesystemView,
): Snapshot | undefined {
  return versions
    .filter(isSnapshot)
    .filter(({name}) => name.startsWith(prefix))
    .toSorted(byCreatetxg)
    .at(-1)
}

/** Snapshots of a round were taken in the same second, so each second is looked up once. */
function createNextDue(policy: AutomaticSnapshotPolicy): (takenMs: number) => number {
  if (policy.type === 'periodic') return (takenMs) => takenMs + policy.intervalMs
  const known = new Map<number, number>()
  return (takenMs) => {
    const next = known.get(takenMs) ?? nextTick(policy.schedule, takenMs) ?? Number.POSITIVE_INFINITY
    known.set(takenMs, next)
    return next
  }
}

const MAX_TOLERANCE_MS = 30_000

function toleranceMs(policy: AutomaticSnapshotPolicy): number {
  return policy.type === 'cron' ? MAX_TOLERANCE_MS : Math.min(policy.intervalMs / 20, MAX_TOLERANCE_MS)
}
