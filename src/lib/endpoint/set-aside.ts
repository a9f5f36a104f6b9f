import {setAsideName} from '../abstraction/set-aside-name.ts'
import type {RunContext} from '../core/context.ts'
import {quoted} from '../core/printable.ts'
import type {Outcome, ZfsClient} from '../zfs/client.ts'
import {type DatasetName, type Guid, type HoldTag, NameError, snapshotName} from '../zfs/name.ts'
import {byCreatetxg, isSnapshot} from '../zfs/version.ts'
import type {KnownPool} from './pool.ts'

/**
 * Renames `dataset` out of the way if it is still the copy that was judged: with this newest snapshot, and nothing below
 * it. The hold of the receiving job goes, as it would keep its owner from ever destroying the copy.
 */
export async function setAside(
  ctx: RunContext,
  zfs: ZfsClient,
  pool: KnownPool,
  {dataset, newest, tag}: {readonly dataset: DatasetName; readonly newest: Guid; readonly tag: HoldTag},
): Promise<Outcome> {
  const {datasets} = await pool.list(ctx, [dataset], true)
  if (datasets.length !== 1) return refused(`${quoted(dataset)} is gone, or has others below it`)
  const snapshots = pool.versions(dataset).filter(isSnapshot).toSorted(byCreatetxg)
  if (snapshots.at(-1)?.guid !== newest)
    return refused(`${quoted(dataset)} is not the copy any more that was judged`)

  const name = nameFor(dataset, newest)
  if (typeof name !== 'string') return name
  const byName = (await pool.holds(ctx, [dataset])).get(dataset) ?? new Map<string, readonly HoldTag[]>()
  const held = Array.from(byName).flatMap(([snapshot, tags]) => (tags.includes(tag) ? [snapshot] : []))
  const outcome = await zfs.rename(ctx, dataset, name)
  if (outcome.kind === 'failed') return outcome
  ctx.log.of('endpoint').warn('copy set aside', {dataset, name})
  await pool.list(ctx, [dataset, name], false)
  for (const released of await pool.release(
    ctx,
    held.map((snapshot) => ({snapshot: snapshotName(name, snapshot), tag})),
  )) {
    if (released.kind === 'failed')
      ctx.log
        .of('endpoint')
        .warn('cannot release a copy that was set aside', {name, error: released.failure.message})
  }
  return outcome
}

function nameFor(dataset: DatasetName, newest: Guid): DatasetName | Outcome {
  try {
    return setAsideName(dataset, newest)
  } catch (error) {
    if (error instanceof NameError) return refused(`no name to set it aside: ${error.message}`)
    throw error
  }
}

function refused(message: string): Outcome {
  return {kind: 'failed', failure: {kind: 'unknown', message}}
}
