import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {type DatasetName, NameError, parseComponent, snapshotName} from '../zfs/name.ts'
import {isSnapshot} from '../zfs/version.ts'
import {type DueFilesystems, dueFilesystems, newestOf, type WantedSnapshots} from './due.ts'
import type {FilesystemView} from './observation.ts'
import type {SnapshotPolicy} from './policy.ts'
import {snapshotNameAt} from './snapshot-name.ts'

/** One round of snapshots: the same name for all filesystems that are due. */
export type SnapshotRound = {
  /** `undefined` when nothing is due. */
  readonly name: string | undefined
  readonly filesystems: readonly DatasetName[]
  readonly notDue: DueFilesystems['notDue']
  /** Filesystems that are due, but have nothing new to snapshot. */
  readonly unwritten: readonly {readonly filesystem: DatasetName; readonly written: bigint}[]
  /** Filesystems that are due, but whose snapshot could not have this name. */
  readonly refused: readonly {readonly filesystem: DatasetName; readonly because: string}[]
  readonly warnings: readonly string[]
}

/** What may be known beyond the listing. */
export type RoundOptions = {
  readonly wanted?: WantedSnapshots
  /** Bytes written since the newest snapshot of all, of the filesystems that are due (zfsprops(7), `written`). */
  readonly written?: ReadonlyMap<DatasetName, bigint> | undefined
}

/**
 * Decides which filesystems get a snapshot now, and what it is called.
 *
 * Where less than `minWritten` was written since the newest snapshot, and that one has the policy's prefix, none is
 * taken: it would be the same again. A newest snapshot of somebody else's does not count, it may be gone tomorrow.
 *
 * Throws `usage` when a wanted name is not valid or taken (a name that a person chose is not changed silently), and when
 * a policy that takes no snapshots by itself is to name them.
 */
export function planRound(
  policy: SnapshotPolicy,
  filesystems: readonly FilesystemView[],
  nowMs: number,
  {wanted = 'due', written}: RoundOptions = {},
): SnapshotRound {
  const {due, notDue, warnings} = dueFilesystems(policy, filesystems, nowMs, wanted)
  const unwritten =
    wanted === 'due' && written !== undefined
      ? due.flatMap((view) => unwrittenOf(policy, view, written.get(view.filesystem)) ?? [])
      : []
  const skipped = new Set(unwritten.map(({filesystem}) => filesystem))
  const taken = due.filter(({filesystem}) => !skipped.has(filesystem))
  return {...roundOf(nameFor(policy, taken, nowMs, wanted), taken), notDue, unwritten, warnings}
}

function unwrittenOf(
  policy: SnapshotPolicy,
  view: FilesystemView,
  written: bigint | undefined,
): SnapshotRound['unwritten'][number] | undefined {
  if (policy.type === 'manual' || policy.minWritten === undefined || written === undefined) return undefined
  const newest = view.versions.findLast(isSnapshot)
  if (newest === undefined || newestOf(policy, view) !== newest || written >= policy.minWritten)
    return undefined
  return {filesystem: view.filesystem, written}
}

function nameFor(
  policy: SnapshotPolicy,
  due: readonly FilesystemView[],
  nowMs: number,
  wanted: WantedSnapshots,
): string | undefined {
  if (typeof wanted === 'object') return freeName(wanted.name, due)
  if (wanted === 'due' && due.length === 0) return undefined
  if (policy.type !== 'manual') return unusedName(snapshotNameAt(policy.prefix, policy.timestamp, nowMs), due)
  throw new OperationalError('usage', 'snapshotting is manual: there is no prefix to name snapshots by', {
    hint: 'say how to call them (snap --name NAME)',
  })
}

function freeName(name: string, candidates: readonly FilesystemView[]): string {
  try {
    parseComponent(name)
  } catch (cause) {
    if (cause instanceof NameError) throw new OperationalError('usage', cause.message, {cause})
    throw cause
  }
  const taken = candidates.find((view) =>
    view.versions.some((version) => isSnapshot(version) && version.name === name),
  )
  if (taken === undefined) return name
  throw new OperationalError('usage', `${quoted(`${taken.filesystem}@${name}`)} exists already`, {
    hint: 'choose another name',
  })
}

/** A second round in the same second, or local time repeating itself in autumn: `_1`, `_2`, never the same name again. */
function unusedName(name: string, due: readonly FilesystemView[]): string {
  const used = new Set(due.flatMap(({versions}) => versions.filter(isSnapshot).map(({name}) => name)))
  let candidate = name
  for (let counter = 1; used.has(candidate); counter++) candidate = `${name}_${counter}`
  return candidate
}

/** Snapshots of a pool are taken in one transaction, which one name that is too long would spoil for all. */
function roundOf(
  name: string | undefined,
  due: readonly FilesystemView[],
): Pick<SnapshotRound, 'name' | 'filesystems' | 'refused'> {
  if (name === undefined) return {name, filesystems: [], refused: []}
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
