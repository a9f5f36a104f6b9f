import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {parseDatasetName, poolOf} from '../zfs/name.ts'
import type {ReceivingSide} from './receiving-side.ts'

/**
 * Throws `dataset-missing` unless root_fs is there. It is never created: with the pool away, data would land in whatever
 * lies below its mountpoint.
 */
export async function requireRootFs(
  ctx: RunContext,
  {pool, mapping, rootFs}: Pick<ReceivingSide, 'pool' | 'mapping' | 'rootFs'>,
): Promise<void> {
  // It lies below root_fs, and mostly it is known.
  if ((await pool.dataset(ctx, mapping.base)) !== undefined) return
  if ((await pool.dataset(ctx, rootFs)) !== undefined) return
  const poolName = parseDatasetName(poolOf(rootFs))
  if ((await pool.dataset(ctx, poolName)) === undefined) {
    throw new OperationalError('dataset-missing', `pool ${quoted(poolName)} of root_fs is not imported`, {
      hint: 'import it (zpool import)',
    })
  }
  throw new OperationalError('dataset-missing', `root_fs ${quoted(rootFs)} does not exist`, {
    hint: 'create it (zfs create) or correct root_fs in the receiving job',
  })
}
