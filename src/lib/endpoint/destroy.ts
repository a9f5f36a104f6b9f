import type {RunContext} from '../core/context.ts'
import {printable, quoted} from '../core/printable.ts'
import type {RetentionFloor} from '../plan/policy.ts'
import type {Outcome, ZfsClient} from '../zfs/client.ts'
import {type DatasetName, type Guid, type SnapshotName, snapshotName} from '../zfs/name.ts'
import type {ZfsFailureKind} from '../zfs/read-stderr.ts'
import {isSnapshot, type Snapshot} from '../zfs/version.ts'
import {heldByFloor} from './floor.ts'
import type {KnownPool} from './pool.ts'
import type {DestroyReply, DestroyRequest, SnapshotRef} from './sender.ts'

/**
 * Destroys snapshots whose guid is still the one judged. Everything is listed again right before, because ZFS has no
 * destroy by guid: a snapshot replaced by another of the same name must survive. One that is gone already is done.
 * One that has a clone could not be destroyed, and is not tried; what the retention floor of this side holds is refused.
 * `datasetOf` maps a request's filesystem to the dataset on this host, `undefined` where the request is not allowed.
 */
export async function destroyJudged(
  ctx: RunContext,
  zfs: ZfsClient,
  pool: KnownPool,
  requests: readonly DestroyRequest[],
  floor: RetentionFloor,
  datasetOf: (filesystem: DatasetName) => DatasetName | undefined,
): Promise<readonly DestroyReply[]> {
  const datasets = requests.flatMap(({filesystem}) => datasetOf(filesystem) ?? [])
  const clones =
    datasets.length > 0 ? await pool.relistWithClones(ctx, datasets) : new Map<SnapshotName, string>()
  const checked = requests.map(({filesystem, snapshots}) => {
    const dataset = datasetOf(filesystem)
    if (dataset === undefined) return {filesystem, checks: snapshots.map(() => NOT_PERMITTED)}
    const now = pool.versions(dataset).filter(isSnapshot)
    const held = heldByFloor(now, floor, ctx.clock.now())
    return {filesystem, checks: snapshots.map((snapshot) => check(dataset, {now, held, clones}, snapshot))}
  })

  const doomed = checked.flatMap(({checks}) => checks.filter((check) => typeof check === 'string'))
  const outcomes = doomed.length === 0 ? [] : await zfs.destroySnapshots(ctx, doomed)
  const outcomeOf = new Map(doomed.map((name, index) => [name, outcomes[index]]))
  return checked.map(({filesystem, checks}) => ({
    filesystem,
    outcomes: checks.map((check) =>
      typeof check === 'string' ? (outcomeOf.get(check) ?? failed('unknown', 'no answer')) : check,
    ),
  }))
}

/** What stands against destroying something of one dataset. */
type Facts = {
  readonly now: readonly Snapshot[]
  readonly held: ReadonlyMap<Guid, string>
  readonly clones: ReadonlyMap<SnapshotName, string>
}

/** The name to destroy, or the outcome without doing anything. */
function check(
  dataset: DatasetName,
  {now, held, clones}: Facts,
  {name, guid}: SnapshotRef,
): SnapshotName | Outcome {
  const snapshot = now.find((one) => one.name === name)
  if (snapshot === undefined) return {kind: 'done'}
  if (snapshot.guid !== guid)
    return failed('unknown', `${quoted(`${dataset}@${name}`)} is no longer the snapshot that was judged`)
  const why = held.get(guid)
  if (why !== undefined) return failed('refused', `refused by the retention floor of the other side: ${why}`)
  const fullName = snapshotName(dataset, name)
  const cloned = clones.get(fullName)
  return cloned === undefined ? fullName : failed('cloned', `has a clone: ${printable(cloned)}`)
}

function failed(kind: ZfsFailureKind, message: string): Outcome {
  return {kind: 'failed', failure: {kind, message}}
}

const NOT_PERMITTED = failed('unknown', 'not permitted or does not exist')
