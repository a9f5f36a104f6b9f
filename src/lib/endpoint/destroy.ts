import type {RunContext} from '../core/context.ts'
import {printable, quoted} from '../core/printable.ts'
import type {Outcome, ZfsClient} from '../zfs/client.ts'
import {type DatasetName, type SnapshotName, snapshotName} from '../zfs/name.ts'
import type {ZfsFailureKind} from '../zfs/read-stderr.ts'
import {isSnapshot} from '../zfs/version.ts'
import type {KnownPool} from './pool.ts'
import type {DestroyReply, DestroyRequest, SnapshotRef} from './sender.ts'

/**
 * Destroys snapshots whose guid is still the one judged. Everything is listed again right before, because ZFS has no
 * destroy by guid: a snapshot replaced by another of the same name must survive. One that is gone already is done.
 * One that has a clone could not be destroyed, and is not tried.
 * `datasetOf` maps a request's filesystem to the dataset on this host, `undefined` where the request is not allowed.
 */
export async function destroyJudged(
  ctx: RunContext,
  zfs: ZfsClient,
  pool: KnownPool,
  requests: readonly DestroyRequest[],
  datasetOf: (filesystem: DatasetName) => DatasetName | undefined,
): Promise<readonly DestroyReply[]> {
  const datasets = requests.flatMap(({filesystem}) => datasetOf(filesystem) ?? [])
  const clones =
    datasets.length > 0 ? await pool.relistWithClones(ctx, datasets) : new Map<SnapshotName, string>()
  const checked = requests.map(({filesystem, snapshots}) => ({
    filesystem,
    checks: snapshots.map((snapshot) => check(pool, clones, datasetOf(filesystem), snapshot)),
  }))

  const doomed = checked.flatMap(({checks}) => checks.filter((check) => typeof check === 'string'))
  const outcomes = doomed.length === 0 ? [] : await zfs.destroySnapshots(ctx, doomed)
  const outcomeOf = new Map(doomed.map((name, index) => [name, outcomes[index]]))
  return checked.map(({filesystem, checks}) => ({
    filesystem,
    outcomes: checks.map((check) =>
      typeof check === 'string' ? (outcomeOf.get(check) ?? refused('no answer')) : check,
    ),
  }))
}

/** The name to destroy, or the outcome without doing anything. */
function check(
  pool: KnownPool,
  clones: ReadonlyMap<SnapshotName, string>,
  dataset: DatasetName | undefined,
  {name, guid}: SnapshotRef,
): SnapshotName | Outcome {
  if (dataset === undefined) return refused('not permitted or does not exist')
  const now = pool.versions(dataset).find((version) => isSnapshot(version) && version.name === name)
  if (now === undefined) return {kind: 'done'}
  if (now.guid !== guid)
    return refused(`${quoted(`${dataset}@${name}`)} is no longer the snapshot that was judged`)
  const fullName = snapshotName(dataset, name)
  const cloned = clones.get(fullName)
  return cloned === undefined ? fullName : failed('cloned', `has a clone: ${printable(cloned)}`)
}

function refused(message: string): Outcome {
  return failed('unknown', message)
}

function failed(kind: ZfsFailureKind, message: string): Outcome {
  return {kind: 'failed', failure: {kind, message}}
}
