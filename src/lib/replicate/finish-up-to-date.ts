import type {RunContext} from '../core/context.ts'
import type {CompleteRequest} from '../endpoint/sender.ts'
import type {JobPlan} from '../plan/job-plan.ts'
import type {DatasetName} from '../zfs/name.ts'
import {shortName} from '../zfs/version.ts'
import {type Failures, noteFailures} from './outcomes.ts'
import type {Pair} from './pair.ts'

/**
 * What an earlier run left undone where nothing is to be sent: the receiver's hold first, then the sender's cursor.
 * Returns the filesystems that were finished.
 */
export async function finishUpToDate(
  ctx: RunContext,
  {sender, receiver}: Pair,
  plan: JobPlan,
  failed: Failures,
): Promise<ReadonlyMap<DatasetName, string>> {
  const finish = plan.filesystems.flatMap(({filesystem, ...plan}) =>
    plan.kind === 'up-to-date' && plan.finish !== undefined ? [{filesystem, ...plan.finish}] : [],
  )
  const holds = finish
    .filter(({holdReceiver}) => holdReceiver)
    .map(({filesystem, to}) => ({filesystem, to: to.guid}))
  if (holds.length > 0) {
    const names = holds.map(({filesystem}) => filesystem)
    noteFailures(
      names,
      await receiver.holdLastReceived(ctx, holds),
      'zfs-failed',
      'cannot hold the last received snapshot',
      failed,
    )
  }
  const completions: CompleteRequest[] = finish
    .filter(({filesystem, completeSender}) => completeSender && !failed.has(filesystem))
    .map(({filesystem, to, protection}) => ({filesystem, to: to.guid, protection}))
  if (completions.length > 0) {
    const names = completions.map(({filesystem}) => filesystem)
    noteFailures(
      names,
      await sender.complete(ctx, completions),
      'zfs-failed',
      'cannot move the cursor',
      failed,
    )
  }
  return new Map(
    finish.map(({filesystem, to}) => [
      filesystem,
      `finished what an earlier run had left at ${shortName(to)}`,
    ]),
  )
}
