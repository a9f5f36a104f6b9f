import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {estimateDestroyCommand} from '../zfs/argv.ts'
import {COMMA_LIST_LIMITS, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import {type SnapshotName, shortNameOf} from '../zfs/name.ts'
import {readDestroyEstimate} from '../zfs/read-destroy-estimate.ts'
import {failureOf, look, succeeded} from './command.ts'
import type {RunProgram} from './run-program.ts'

/**
 * What destroying these snapshots of one dataset would free. Where one command is not enough, what its chunks share is
 * not counted. Decoration: whatever goes wrong with it, `undefined` is the answer, unless the run itself is stopped.
 */
export async function estimateDestroy(
  ctx: RunContext,
  run: RunProgram,
  snapshots: readonly SnapshotName[],
): Promise<bigint | undefined> {
  let bytes = 0n
  for (const chunk of chunkByBytes(snapshots, COMMA_LIST_LIMITS, (name) => shortNameOf(name).length + 1)) {
    const freed = await estimateChunk(ctx, run, chunk)
    if (freed === undefined) return undefined
    bytes += freed
  }
  return bytes
}

async function estimateChunk(
  ctx: RunContext,
  run: RunProgram,
  chunk: readonly SnapshotName[],
): Promise<bigint | undefined> {
  try {
    const result = await look(ctx, run, estimateDestroyCommand(chunk))
    if (succeeded(result)) return readDestroyEstimate(result.stdout)
    ctx.log.of('zfs.cmd').debug('zfs does not tell what would be freed', {reason: failureOf(result).message})
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof OperationalError) || error.code === 'zfs-missing')
      throw error
    ctx.log.of('zfs.cmd').debug('zfs does not tell what would be freed', {reason: error.message})
  }
  return undefined
}
