import type {RunContext} from '../core/context.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {type DatasetName, snapshotName} from '../zfs/name.ts'
import {isSnapshot} from '../zfs/version.ts'
import type {KnownPool} from './pool.ts'
import type {DestroyRequest} from './sender.ts'

/**
 * What destroying would free, of each request, from what is known of the pool; `undefined` where nobody can tell.
 * `datasetOf` as for destroying.
 */
export async function estimateDestroys(
  ctx: RunContext,
  zfs: ZfsClient,
  pool: KnownPool,
  requests: readonly DestroyRequest[],
  datasetOf: (filesystem: DatasetName) => DatasetName | undefined,
): Promise<readonly (bigint | undefined)[]> {
  const freed: (bigint | undefined)[] = []
  await pool.confirm(
    ctx,
    requests.flatMap(({filesystem}) => datasetOf(filesystem) ?? []),
  )
  for (const {filesystem, snapshots} of requests) {
    const dataset = datasetOf(filesystem)
    const known = dataset === undefined ? [] : pool.versions(dataset).filter(isSnapshot)
    const names = snapshots.flatMap(({name, guid}) =>
      dataset !== undefined && known.some((one) => one.name === name && one.guid === guid)
        ? [snapshotName(dataset, name)]
        : [],
    )
    freed.push(names.length === 0 ? undefined : await zfs.estimateDestroy(ctx, names))
  }
  return freed
}
