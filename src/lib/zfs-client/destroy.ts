import type {RunContext} from '../core/context.ts'
import {destroySnapshotsCommand} from '../zfs/argv.ts'
import {COMMA_LIST_LIMITS, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import type {Outcome} from '../zfs/client.ts'
import {datasetOf, type SnapshotName, shortNameOf} from '../zfs/name.ts'
import {
  missingDatasets,
  nothingToDestroy,
  type Undestroyable,
  undestroyableSnapshots,
} from '../zfs/read-stderr.ts'
import {askAgain, change, DONE, failed, failureOf, succeeded} from './command.ts'
import {listVersions} from './list-once.ts'
import type {ProgramResult, RunProgram} from './run-program.ts'

/** Up to here an unclear failure of many is cleared by trying each; above, by trying halves. */
const MAX_SINGLES = 16

type Outcomes = Map<SnapshotName, Outcome>

/**
 * Destroys snapshots by name with one command for each dataset, as far as the length of an argument allows.
 *
 * A command destroys all or none. When ZFS names those in the way, the rest is tried without them; one whose reason is
 * not understood is tried alone, for a clearer one. When it names none, each is tried alone. In the end the listing
 * has the last word about failures that might be none: what is not there is destroyed.
 */
export async function destroySnapshots(
  ctx: RunContext,
  run: RunProgram,
  snapshots: readonly SnapshotName[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcomes = new Map()
  const groups = Map.groupBy(new Set(snapshots), datasetOf)
  for (const [, group] of Array.from(groups).sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const chunk of chunkByBytes(group.sort(), COMMA_LIST_LIMITS, bytesOf))
      await destroyTogether(ctx, run, chunk, outcomes)
  }
  await forgiveMissing(ctx, run, outcomes)
  return snapshots.map((snapshot) => outcomes.get(snapshot) ?? DONE)
}

/** The dataset's name stands in the argument once; counting it for the longest name possible keeps this simple. */
function bytesOf(snapshot: SnapshotName): number {
  return shortNameOf(snapshot).length + 1
}

async function destroyTogether(
  ctx: RunContext,
  run: RunProgram,
  snapshots: readonly SnapshotName[],
  outcomes: Outcomes,
): Promise<void> {
  if (snapshots.length === 0) return
  const result = await change(ctx, run, destroySnapshotsCommand(snapshots), {count: snapshots.length})
  const failure = failureOf(result)
  const settle = (outcome: Outcome) => {
    for (const snapshot of snapshots) outcomes.set(snapshot, outcome)
  }
  if (succeeded(result)) return settle(DONE)
  // Rights are a dataset's: none of its snapshots would fare better alone. What is missing is looked up in the end.
  if (snapshots.length === 1 || failure.kind === 'permission' || nothingThere(result))
    return settle(failed(failure))

  const inTheWay = namedInTheWay(result, snapshots)
  if (inTheWay === undefined) return await destroyApart(ctx, run, snapshots, outcomes)
  for (const {snapshot, failure} of inTheWay) outcomes.set(snapshot, failed(failure))
  await destroyTogether(
    ctx,
    run,
    snapshots.filter((snapshot) => !outcomes.has(snapshot)),
    outcomes,
  )
  const unclear = new Set(
    inTheWay.flatMap(({snapshot, failure}) => (failure.kind === 'unknown' ? [snapshot] : [])),
  )
  for (const snapshot of snapshots) {
    if (unclear.has(snapshot)) await destroyTogether(ctx, run, [snapshot], outcomes)
  }
}

function nothingThere({stderr}: ProgramResult): boolean {
  return nothingToDestroy(stderr) || missingDatasets(stderr) !== undefined
}

/** `undefined` unless ZFS named some of exactly those it was given, and nothing else. */
function namedInTheWay(
  result: ProgramResult,
  snapshots: readonly SnapshotName[],
): readonly Undestroyable[] | undefined {
  if (result.exitCode === undefined || result.stderrCut) return undefined
  const named = undestroyableSnapshots(result.stderr)
  return named?.every(({snapshot}) => snapshots.includes(snapshot)) ? named : undefined
}

async function destroyApart(
  ctx: RunContext,
  run: RunProgram,
  snapshots: readonly SnapshotName[],
  outcomes: Outcomes,
): Promise<void> {
  const size = snapshots.length <= MAX_SINGLES ? 1 : Math.ceil(snapshots.length / 2)
  for (let start = 0; start < snapshots.length; start += size) {
    await destroyTogether(ctx, run, snapshots.slice(start, start + size), outcomes)
  }
}

async function forgiveMissing(ctx: RunContext, run: RunProgram, outcomes: Outcomes): Promise<void> {
  const doubtful = Array.from(outcomes).flatMap(([snapshot, outcome]) =>
    mayBeGone(outcome) ? [snapshot] : [],
  )
  if (doubtful.length === 0) return
  const versions = await askAgain(ctx, () =>
    listVersions(ctx, run, Array.from(new Set(doubtful.map(datasetOf)))),
  )
  if (versions === undefined) return
  for (const snapshot of doubtful) {
    const there = versions
      .get(datasetOf(snapshot))
      ?.some(({kind, name}) => kind === 'snapshot' && name === shortNameOf(snapshot))
    if (!there) outcomes.set(snapshot, DONE)
  }
}

function mayBeGone(outcome: Outcome): boolean {
  return (
    outcome.kind === 'failed' &&
    (outcome.failure.kind === 'unknown' || outcome.failure.kind === 'does-not-exist')
  )
}
