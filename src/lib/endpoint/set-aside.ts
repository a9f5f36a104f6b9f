import {type AsideCopy, asideName} from '../abstraction/aside-name.ts'
import type {JobId} from '../abstraction/job-id.ts'
import {lastReceivedHoldTag, receivingJobs} from '../abstraction/last-received-hold.ts'
import type {RunContext} from '../core/context.ts'
import {quoted} from '../core/printable.ts'
import type {Outcome, ZfsClient} from '../zfs/client.ts'
import {type DatasetName, type HoldTag, NameError, snapshotName} from '../zfs/name.ts'
import {byCreatetxg, isSnapshot} from '../zfs/version.ts'
import type {KnownPool} from './pool.ts'

/**
 * Renames `dataset` out of the way if it is still the copy that was judged: with this newest snapshot, and nothing below
 * it; and if `jobId` has received it, and no other job. Whoever asks for it may have seen other holds than there are by now, or
 * tell so. The hold of the receiving job goes, as it would keep its owner from ever destroying the copy.
 */
export async function setAside(
  ctx: RunContext,
  zfs: ZfsClient,
  pool: KnownPool,
  {dataset, newest, jobId}: AsideCopy & {readonly jobId: JobId},
): Promise<Outcome> {
  const {datasets} = await pool.list(ctx, [dataset], true)
  if (datasets.length !== 1) return refused(`${quoted(dataset)} is gone, or has others below it`)
  // How many holds there are is not to be remembered here.
  await pool.relist(ctx, [dataset])
  const snapshots = pool.versions(dataset).filter(isSnapshot).toSorted(byCreatetxg)
  if (snapshots.at(-1)?.guid !== newest)
    return refused(`${quoted(dataset)} is not the copy any more that was judged`)

  const byName = (await pool.holds(ctx, [dataset])).get(dataset) ?? new Map<string, readonly HoldTag[]>()
  const tag = lastReceivedHoldTag(jobId)
  const jobs = receivingJobs(byName)
  const another = Array.from(jobs).find((job) => job !== jobId)
  if (another !== undefined)
    return refused(`${quoted(dataset)} carries ${lastReceivedHoldTag(another)}: another job receives it`)
  if (!jobs.has(jobId))
    return refused(`${quoted(dataset)} does not carry ${tag}: this job has not received it`)

  const name = await freeName(ctx, pool, {dataset, newest})
  if (typeof name !== 'string') return name
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

/** The first that nothing has yet: the same copy may have been set aside, put back, and come once more. */
async function freeName(ctx: RunContext, pool: KnownPool, copy: AsideCopy): Promise<DatasetName | Outcome> {
  try {
    for (let count = 1; ; count += 1) {
      const name = asideName(copy, count)
      if ((await pool.dataset(ctx, name)) === undefined) return name
    }
  } catch (error) {
    if (error instanceof NameError) return refused(`no name to set it aside: ${error.message}`)
    throw error
  }
}

function refused(message: string): Outcome {
  return {kind: 'failed', failure: {kind: 'unknown', message}}
}
