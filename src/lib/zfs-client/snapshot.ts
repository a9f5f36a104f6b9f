import type {RunContext} from '../core/context.ts'
import {snapshotCommand} from '../zfs/argv.ts'
import {ARGUMENT_LIMITS, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import type {Outcome, SnapshotOutcome} from '../zfs/client.ts'
import {datasetOf, poolOf, type SnapshotName} from '../zfs/name.ts'
import {objectFailures} from '../zfs/read-stderr.ts'
import {nameOfSnapshot} from '../zfs/version.ts'
import {askAgain, change, DONE, failed, failureOf, succeeded} from './command.ts'
import {listVersions} from './list-once.ts'
import type {RunProgram} from './run-program.ts'

/** As many as fit: a command is a transaction, and each further one tears the moment apart. */
const LIMITS = {...ARGUMENT_LIMITS, maxItems: Number.POSITIVE_INFINITY}

/** One command for each pool, or as few as the length of a command line allows. */
export async function takeSnapshots(
  ctx: RunContext,
  run: RunProgram,
  snapshots: readonly SnapshotName[],
): Promise<readonly SnapshotOutcome[]> {
  const outcomes = new Map<SnapshotName, SnapshotOutcome>()
  for (const [pool, group] of Map.groupBy(snapshots, poolOf)) {
    const chunks = chunkByBytes(group, LIMITS, (name) => name.length)
    if (chunks.length > 1)
      ctx.log.of('zfs.cmd').info('too many snapshots for one transaction', {
        pool,
        transactions: chunks.length,
        snapshots: group.length,
      })
    for (const [transaction, chunk] of chunks.entries()) {
      for (const [snapshot, outcome] of await takeTogether(ctx, run, chunk))
        outcomes.set(snapshot, chunks.length === 1 ? outcome : {...outcome, transaction})
    }
  }
  return snapshots.map((snapshot) => outcomes.get(snapshot) ?? DONE)
}

/**
 * All or none. When ZFS says which ones it could not take, it took none; the others carry the same reason.
 * When it does not say, the listing does: a snapshot that is there now was taken.
 */
async function takeTogether(
  ctx: RunContext,
  run: RunProgram,
  snapshots: readonly SnapshotName[],
): Promise<readonly (readonly [SnapshotName, Outcome])[]> {
  const result = await change(ctx, run, snapshotCommand(snapshots), {count: snapshots.length})
  if (succeeded(result)) return snapshots.map((snapshot) => [snapshot, DONE])

  const stderr = result.stderr.replace(/^no snapshots were created$/m, '')
  const reasons = new Map(objectFailures(stderr)?.map(({object, failure}) => [object, failure]))
  const reasonOf = (snapshot: SnapshotName) => reasons.get(snapshot) ?? reasons.get(datasetOf(snapshot))
  const blamed = snapshots.some((snapshot) => reasonOf(snapshot) !== undefined)
  const there = blamed ? undefined : await askAgain(ctx, () => namesThere(ctx, run, snapshots))
  const {kind, message} = failureOf({...result, stderr})
  const shared = {kind, message: `not taken, as all of its pool: ${message}`}
  return snapshots.map((snapshot) => [
    snapshot,
    there?.has(snapshot) ? DONE : failed(reasonOf(snapshot) ?? shared),
  ])
}

async function namesThere(
  ctx: RunContext,
  run: RunProgram,
  snapshots: readonly SnapshotName[],
): Promise<ReadonlySet<SnapshotName>> {
  const versions = await listVersions(ctx, run, Array.from(new Set(snapshots.map(datasetOf))))
  return new Set(
    Array.from(versions.values()).flatMap((list) =>
      list.flatMap((version) => (version.kind === 'snapshot' ? [nameOfSnapshot(version)] : [])),
    ),
  )
}
