import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {LocalSender} from '../endpoint/sender.ts'
import {dueFilesystems, type WantedSnapshots} from '../plan/due.ts'
import type {FilesystemView} from '../plan/observation.ts'
import type {SnapshotPolicy} from '../plan/policy.ts'
import type {DatasetName} from '../zfs/name.ts'

/** How much was written to the filesystems that are due. Asked only where it matters: it costs a command. */
export async function readWritten(
  ctx: RunContext,
  {sender, policy}: {readonly sender: LocalSender; readonly policy: SnapshotPolicy},
  views: readonly FilesystemView[],
  nowMs: number,
  wanted: WantedSnapshots,
): Promise<ReadonlyMap<DatasetName, bigint> | undefined> {
  if (wanted !== 'due' || policy.type === 'manual' || policy.minWritten === undefined) return undefined
  const {due} = dueFilesystems(policy, views, nowMs, wanted)
  if (due.length === 0) return undefined
  try {
    return await sender.written(
      ctx,
      due.map(({filesystem}) => filesystem),
    )
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    // A snapshot too many is harmless.
    ctx.log
      .of('snapshot')
      .warn('cannot tell how much was written: all that are due get a snapshot', {error: error.message})
    return undefined
  }
}
