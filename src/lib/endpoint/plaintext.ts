import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {type DatasetName, parentOf} from '../zfs/name.ts'
import type {ReceiveRequest} from './receiver.ts'
import type {ReceivingSide} from './receiving-side.ts'

/** Below an encrypted root nothing is to lie in the clear, unless the operator has said so. */
export async function isEncryptedRoot(
  ctx: RunContext,
  {pool, rootFs}: Pick<ReceivingSide, 'pool' | 'rootFs'>,
): Promise<boolean> {
  return (await pool.dataset(ctx, rootFs))?.encrypted === true
}

/** Throws `receive-policy` for what would arrive in the clear because of what it lies in. */
export async function refusePlaintext(
  ctx: RunContext,
  side: ReceivingSide,
  dataset: DatasetName,
  {from, raw}: Pick<ReceiveRequest, 'from' | 'raw'>,
): Promise<void> {
  if (from !== undefined) return await refusePlaintextCopy(ctx, side, dataset)
  if (raw || !(await mustBeEncrypted(ctx, side))) return
  const parent = parentOf(dataset)
  if (parent === undefined || (await side.pool.dataset(ctx, parent))?.encrypted === true) return
  throw plaintext(side, `${quoted(parent)} is not encrypted`)
}

/** A copy that is in the clear where it must not be gets nothing more, and is not held as a good one. */
export async function refusePlaintextCopy(
  ctx: RunContext,
  side: ReceivingSide,
  dataset: DatasetName,
): Promise<void> {
  const {pool, mapping} = side
  if (mayBePlain(side) || (await pool.dataset(ctx, dataset))?.encrypted !== false) return
  // Above it, but listed with it: to ask for root_fs would be another program in each run.
  if ((await pool.dataset(ctx, mapping.base))?.encrypted !== true) return
  throw arrived(side, dataset)
}

/** What a full stream says of itself may be a lie: only the dataset tells. */
export async function checkEncrypted(
  ctx: RunContext,
  side: ReceivingSide,
  dataset: DatasetName,
  {from}: Pick<ReceiveRequest, 'from'>,
): Promise<void> {
  if (from !== undefined || !(await mustBeEncrypted(ctx, side))) return
  await side.pool.list(ctx, [dataset], false)
  if ((await side.pool.dataset(ctx, dataset))?.encrypted === true) return
  throw arrived(side, dataset)
}

async function mustBeEncrypted(ctx: RunContext, side: ReceivingSide): Promise<boolean> {
  return !mayBePlain(side) && (await isEncryptedRoot(ctx, side))
}

function mayBePlain({recv}: ReceivingSide): boolean {
  return recv.placeholderEncryption === 'off' || recv.properties.override.get('encryption') === 'off'
}

function arrived(side: ReceivingSide, dataset: DatasetName): OperationalError {
  return plaintext(side, `${quoted(dataset)} has arrived without encryption and was left for you to look at`)
}

function plaintext({rootFs}: ReceivingSide, what: string): OperationalError {
  return new OperationalError('receive-policy', `root_fs ${quoted(rootFs)} is encrypted, but ${what}`, {
    hint: 'put it below an encrypted dataset, send raw, or allow it by recv.placeholder.encryption: off in the receiving job',
  })
}
