import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {type DatasetName, parseDatasetName, poolOf} from '../zfs/name.ts'

/**
 * Which of `names` do not exist on this host. Those of a pool that is not imported are not among them: nobody knows what
 * it has. Where ZFS does not tell, none is. Nothing is asked for no names.
 */
export async function findAbsent(
  ctx: RunContext,
  zfs: ZfsClient,
  names: readonly DatasetName[],
): Promise<readonly DatasetName[]> {
  if (names.length === 0) return []
  const pools = poolsOf(names)
  try {
    // Pools come first: one that is imported meanwhile must not be there while what it has is not.
    const missing = new Set(await zfs.missing(ctx, Array.from(new Set([...pools, ...names]))))
    const absent = names.filter((name) => missing.has(name) && !missing.has(parseDatasetName(poolOf(name))))
    // And once more behind: one that is exported meanwhile was there before what it has was not.
    const away = new Set(absent.length === 0 ? [] : await zfs.missing(ctx, poolsOf(absent)))
    return absent.filter((name) => !away.has(parseDatasetName(poolOf(name))))
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    ctx.log.of('endpoint').warn('cannot see which datasets do not exist', {error: error.message})
    return []
  }
}

function poolsOf(names: readonly DatasetName[]): readonly DatasetName[] {
  return Array.from(new Set(names.map(poolOf)), parseDatasetName)
}
