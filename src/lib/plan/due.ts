import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {type DatasetName, NameError, parseComponent, snapshotName} from '../zfs/name.ts'
import {byCreatetxg, isSnapshot} from '../zfs/version.ts'
import type {FilesystemView} from './observation.ts'
import type {SnapshotPolicy} from './policy.ts'
import {snapshotNameAt} from './snapshot-name.ts'

type PeriodicPolicy = Extract<SnapshotPolicy, {type: 'periodic'}>

/** One round of snapshots: the same name for all filesystems that are due. */
export type SnapshotRound = {
  /** `undefined` when nothing is due. */
  readonly name: string | undefined
  readonly filesystems: readonly DatasetName[]
  readonly notDue: readonly {readonly filesystem: DatasetName; readonly nextDueMs: number}[]
  /** Filesystems that are due, but whose snapshot could not have this name. */
  readonly refused: readonly {readonly filesystem: DatasetName; readonly because: string}[]
  readonly warnings: readonly string[]
}

/**
 * Decides which filesystems get a snapshot now, and what it is called.
 *
 * A filesystem is due when its newest snapshot with the policy's prefix, by createtxg, is older than the interval, or
 * when it has none. Placeholders are never snapshotted. `force` names a snapshot of all filesystems, due or not.
 *
 * A timer never fires at exactly the same distance, and a snapshot that comes one period late because the timer was a
 * second early would halve the rhythm: so a snapshot is due 5 % of the interval before its time, 30 s at most.
 *
 * A snapshot from the future (the clock was wrong then, or is now) tells nothing about age. Its filesystem is due, with
 * a warning: one snapshot too many is harmless, and the new one, being the newest by createtxg, sets things right.
 *
 * Throws `usage` when `force` is no valid name or is taken: a name that a person chose is not changed silently.
 */
export function planSnapshots(
  policy: SnapshotPolicy,
  filesystems: readonly FilesystemView[],
  nowMs: number,
  {force}: {readonly force?: string | undefined} = {},
): SnapshotRound {
  const candidates = filesystems.filter(({placeholder}) => !placeholder)
  if (force !== undefined) return forcedRound(force, candidates)
  if (policy.type === 'manual') {
    return {name: undefined, filesystems: [], notDue: [], refused: [], warnings: []}
  }

  const judged = candidates.map((view) => ({view, due: judgeDue(policy, view, nowMs)}))
  const due = judged.filter(({due}) => due.isDue).map(({view}) => view)
  const notDue = judged.flatMap(({view: {filesystem}, due}) =>
    due.isDue ? [] : [{filesystem, nextDueMs: due.nextDueMs}],
  )
  const warnings = judged.flatMap(({due}) => due.warning ?? [])
  const name = unusedName(snapshotNameAt(policy.prefix, policy.timestamp, nowMs), due)
  return {...roundOf(name, due), notDue, warnings}
}

type Due =
  | {readonly isDue: true; readonly warning: string | undefined}
  | {readonly isDue: false; readonly nextDueMs: number; readonly warning: undefined}

function judgeDue({prefix, intervalMs}: PeriodicPolicy, view: FilesystemView, nowMs: number): Due {
  const newest = view.versions
    .filter(isSnapshot)
    .filter(({name}) => name.startsWith(prefix))
    .toSorted(byCreatetxg)
    .at(-1)
  if (newest === undefined) return {isDue: true, warning: undefined}

  const takenMs = newest.creation * 1000
  const tolerance = toleranceMs(intervalMs)
  if (takenMs - nowMs > tolerance) {
    const ahead = Math.round((takenMs - nowMs) / 1000)
    const warning = `${quoted(`${view.filesystem}@${newest.name}`)} is ${ahead} s in the future: was the clock wrong?`
    return {isDue: true, warning}
  }
  const nextDueMs = takenMs + intervalMs
  return nowMs >= nextDueMs - tolerance
    ? {isDue: true, warning: undefined}
    : {isDue: false, nextDueMs, warning: undefined}
}

function toleranceMs(intervalMs: number): number {
  return Math.min(intervalMs / 20, 30_000)
}

function forcedRound(name: string, candidates: readonly FilesystemView[]): SnapshotRound {
  try {
    parseComponent(name)
  } catch (cause) {
    if (cause instanceof NameError) throw new OperationalError('usage', cause.message, {cause})
    throw cause
  }
  const taken = candidates.find((view) => hasSnapshot(view, name))
  if (taken === undefined) return {...roundOf(name, candidates), notDue: [], warnings: []}
  throw new OperationalError('usage', `${quoted(`${taken.filesystem}@${name}`)} exists already`, {
    hint: 'choose another name',
  })
}

/** Snapshots of a pool are taken in one transaction, which one name that is too long would spoil for all. */
function roundOf(
  name: string,
  due: readonly FilesystemView[],
): Pick<SnapshotRound, 'name' | 'filesystems' | 'refused'> {
  const problems = due.map(({filesystem}) => ({filesystem, because: problemWith(filesystem, name)}))
  const refused = problems.flatMap(({filesystem, because}) =>
    because === undefined ? [] : [{filesystem, because}],
  )
  const filesystems = problems.filter(({because}) => because === undefined).map(({filesystem}) => filesystem)
  return {name: filesystems.length > 0 ? name : undefined, filesystems, refused}
}

function problemWith(filesystem: DatasetName, name: string): string | undefined {
  try {
    snapshotName(filesystem, name)
    return undefined
  } catch (error) {
    if (error instanceof NameError) return error.message
    throw error
  }
}

/** A second round in the same second, or local time repeating itself in autumn: `_1`, `_2`, never the same name again. */
function unusedName(name: string, due: readonly FilesystemView[]): string {
  const used = new Set(due.flatMap(({versions}) => versions.filter(isSnapshot).map(({name}) => name)))
  for (let counter = 0; ; counter++) {
    const candidate = counter === 0 ? name : parseComponent(`${name}_${counter}`)
    if (!used.has(candidate)) return candidate
  }
}

function hasSnapshot(view: FilesystemView, name: string): boolean {
  return view.versions.some((version) => isSnapshot(version) && version.name === name)
}
