import type {RunContext} from '../core/context.ts'
import {printable} from '../core/printable.ts'
import type {RetentionFloor} from '../plan/policy.ts'
import type {JudgedSnapshot, Outcome, ZfsClient} from '../zfs/client.ts'
import {
  type DatasetName,
  datasetOf as datasetOfSnapshot,
  type SnapshotName,
  snapshotName,
} from '../zfs/name.ts'
import type {ZfsFailureKind} from '../zfs/read-stderr.ts'
import {isSnapshot} from '../zfs/version.ts'
import {heldByFloor, isNoFloor} from './floor.ts'
import type {KnownPool} from './pool.ts'
import type {DestroyReply, DestroyRequest} from './sender.ts'

/**
 * Destroys snapshots whose guid is still the one judged; one that is gone already is done. What the retention floor of
 * this side holds, by a listing made right before, is refused. Where holds are only remembered, what turns out to be held or
 * cloned is not touched.
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
  await pool.confirm(
    ctx,
    requests.flatMap(({filesystem}) => datasetOf(filesystem) ?? []),
  )
  const refusals = await refusalsOf(ctx, pool, requests, floor, datasetOf)
  const checked = requests.map(({filesystem, snapshots}) => {
    const dataset = datasetOf(filesystem)
    const checks = snapshots.map(({name, guid}): JudgedSnapshot | Outcome => {
      if (dataset === undefined) return NOT_PERMITTED
      return refusals.get(dataset)?.get(guid) ?? {name: snapshotName(dataset, name), guid}
    })
    return {filesystem, checks}
  })

  const wanted = checked.flatMap(({checks}) => checks.filter(isJudged))
  const used = await lookForUse(ctx, zfs, pool, wanted)
  const doomed = wanted.filter(({name}) => !used.has(name))
  const outcomes = doomed.length === 0 ? [] : await zfs.destroySnapshots(ctx, doomed)
  const outcomeOf = new Map([
    ...wanted.map((judged) => [judged, used.get(judged.name)] as const),
    ...doomed.map((judged, index) => [judged, outcomes[index]] as const),
  ])
  return checked.map(({filesystem, checks}) => ({
    filesystem,
    outcomes: checks.map((check) =>
      isJudged(check) ? (outcomeOf.get(check) ?? failed('unknown', 'no answer')) : check,
    ),
  }))
}

/** Who uses those of which it is not known by now, whether or not they are the ones judged. */
async function lookForUse(
  ctx: RunContext,
  zfs: ZfsClient,
  pool: KnownPool,
  wanted: readonly JudgedSnapshot[],
): Promise<ReadonlyMap<SnapshotName, Outcome>> {
  const open = wanted.map(({name}) => name).filter((name) => pool.isUncounted(datasetOfSnapshot(name)))
  const found = await zfs.snapshots(ctx, open)
  return new Map(
    Array.from(found).flatMap(([name, {userrefs, clones}]): [SnapshotName, Outcome][] => {
      if (userrefs > 0) return [[name, failed('held', 'it is held')]]
      return clones === undefined ? [] : [[name, failed('cloned', `it has clones: ${printable(clones)}`)]]
    }),
  )
}

async function refusalsOf(
  ctx: RunContext,
  pool: KnownPool,
  requests: readonly DestroyRequest[],
  floor: RetentionFloor,
  datasetOf: (filesystem: DatasetName) => DatasetName | undefined,
): Promise<ReadonlyMap<DatasetName, ReadonlyMap<string, Outcome>>> {
  const datasets = isNoFloor(floor) ? [] : requests.flatMap(({filesystem}) => datasetOf(filesystem) ?? [])
  if (datasets.length > 0) await pool.relist(ctx, datasets)
  const now = ctx.clock.now()
  return new Map(
    datasets.map((dataset) => {
      const held = heldByFloor(pool.versions(dataset).filter(isSnapshot), floor, now)
      const refused = Array.from(
        held,
        ([guid, why]) =>
          [guid, failed('refused', `refused by the retention floor of the other side: ${why}`)] as const,
      )
      return [dataset, new Map(refused)]
    }),
  )
}

function isJudged(check: JudgedSnapshot | Outcome): check is JudgedSnapshot {
  return 'guid' in check
}

function failed(kind: ZfsFailureKind, message: string): Outcome {
  return {kind: 'failed', failure: {kind, message}}
}

const NOT_PERMITTED = failed('unknown', 'not permitted or does not exist')
