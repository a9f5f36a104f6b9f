import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Dataset} from '../zfs/dataset.ts'
import {type DatasetName, parentOf} from '../zfs/name.ts'
import {isSnapshot} from '../zfs/version.ts'
import type {ReceivingSide} from './receiving-side.ts'

/** Nothing was ever received into it: the only thing that is ever received over. */
export function isEmptyPlaceholder({pool}: Pick<ReceivingSide, 'pool'>, dataset: Dataset): boolean {
  return dataset.placeholder && !pool.versions(dataset.name).some(isSnapshot)
}

/** Creates what is missing between root_fs and `target`, parents first. Two processes may do so at once. */
export async function createAncestors(
  ctx: RunContext,
  side: ReceivingSide,
  target: DatasetName,
): Promise<void> {
  const {zfs, pool, rootFs} = side
  const missing: DatasetName[] = []
  for (let ancestor = parentOf(target); ancestor !== rootFs; ancestor = parentOf(ancestor)) {
    if (ancestor === undefined)
      throw new OperationalError('receive-policy', `${quoted(target)} is not below root_fs`)
    if ((await pool.dataset(ctx, ancestor)) !== undefined) break
    missing.unshift(ancestor)
  }
  for (const ancestor of missing) {
    const outcome = await zfs.createPlaceholder(ctx, ancestor, encryptionOf(side, ancestor))
    if (outcome.kind === 'failed')
      throw new OperationalError(
        'placeholder',
        `cannot create placeholder ${quoted(ancestor)}: ${outcome.failure.message}`,
      )
  }
  if (missing.length > 0) await pool.list(ctx, missing, false)
}

/** The dataset of the client identity itself is ours whatever the policy says; below it the operator must decide. */
function encryptionOf({mapping, recv}: ReceivingSide, placeholder: DatasetName): 'inherit' | 'off' {
  if (placeholder === mapping.base) return 'inherit'
  if (recv.placeholderEncryption !== 'unspecified') return recv.placeholderEncryption
  throw new OperationalError(
    'placeholder',
    `cannot create placeholder ${quoted(placeholder)}: recv.placeholder.encryption is unspecified`,
    {
      hint: 'set recv.placeholder.encryption to inherit (encrypted like its parent) or off in the receiving job',
    },
  )
}

/** A dataset that has received something is no placeholder. A kill before this leaves one with snapshots: see view. */
export async function clearPlaceholder(
  ctx: RunContext,
  {zfs, pool}: Pick<ReceivingSide, 'zfs' | 'pool'>,
  name: DatasetName,
): Promise<void> {
  if ((await pool.dataset(ctx, name))?.placeholder !== true) return
  const outcome = await zfs.setPlaceholder(ctx, name, 'off')
  if (outcome.kind === 'failed') {
    throw new OperationalError(
      'placeholder',
      `received into ${quoted(name)}, but cannot turn off its placeholder property: ${outcome.failure.message}`,
    )
  }
  await pool.list(ctx, [name], false)
}
