import type {RunContext} from '../core/context.ts'
import {quoted} from '../core/printable.ts'
import type {Outcome, ZfsClient} from '../zfs/client.ts'
import {type DatasetName, type SnapshotName, snapshotName} from '../zfs/name.ts'
import {isSnapshot} from '../zfs/version.ts'
import type {KnownPool} from './pool.ts'
import type {DestroyReply, DestroyRequest, SnapshotRef} from './sender.ts'

/**
 * Destroys snapshots whose guid is still the one judged. Everything is listed again right before, because ZFS has no
 * destroy by guid: a snapshot replaced by another of the same name must survive. One that is gone already is done.
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
  if (datasets.length > 0) await pool.relist(ctx, datasets)
  const checked = requests.map(({filesystem, snapshots}) => ({
    filesystem,
    checks: snapshots.map((snapshot) => check(pool, datasetOf(filesystem), snapshot)),
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
  dataset: DatasetName | undefined,
  {name, guid}: SnapshotRef,
): SnapshotName | Outcome {
  if (dataset === undefined) return refused('not permitted or does not exist')
  const now = pool.versions(dataset).find((version) => isSnapshot(version) && version.name === name)
  if (now === undefined) return {kind: 'done'}
  if (now.guid !== guid)
    return refused(`${quoted(`${dataset}@${name}`)} is no longer the snapshot that was judged`)
  return snapshotName(dataset, name)
}

function refused(message: string): Outcome {
  return {kind: 'failed', failure: {kind: 'unknown', message}}
}
