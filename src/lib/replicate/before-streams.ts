import type {RunContext} from '../core/context.ts'
import type {ProtectRequest} from '../endpoint/sender.ts'
import type {JobPlan} from '../plan/job-plan.ts'
import {seriesOf} from '../plan/series.ts'
import {type ChunkLimits, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import {type Failures, noteFailures} from './outcomes.ts'
import type {Pair} from './pair.ts'
import {protectRequest} from './step-request.ts'

/**
 * What can be done for many filesystems in one request, before the first stream: partial receives are given up, copies
 * set aside, and the first steps protected. Filesystems with which something goes wrong are noted in `failed`.
 */
export async function prepareStreams(
  ctx: RunContext,
  pair: Pair,
  plan: JobPlan,
  failed: Failures,
): Promise<void> {
  await abortPartials(ctx, pair, plan, failed)
  await setAside(ctx, pair, plan, failed)
  await protectFirstSteps(ctx, pair, plan, failed)
}

/** Filesystems whose partial receive cannot be given up fail; those that need no step are told by their report. */
async function abortPartials(
  ctx: RunContext,
  {receiver}: Pair,
  plan: JobPlan,
  failed: Failures,
): Promise<void> {
  const stuck = plan.filesystems.filter(
    (filesystem) =>
      (filesystem.kind === 'steps' || filesystem.kind === 'up-to-date') &&
      filesystem.abortPartial !== undefined,
  )
  if (stuck.length === 0) return
  for (const filesystem of stuck) {
    if ('abortPartial' in filesystem)
      ctx.log.of('repl').warn('partial receive given up', {
        filesystem: filesystem.filesystem,
        because: filesystem.abortPartial,
      })
  }
  const names = stuck.map(({filesystem}) => filesystem)
  noteFailures(
    names,
    await receiver.abortPartial(ctx, names),
    'resume',
    'cannot give up the partial receive',
    failed,
  )
}

/** Copies that cannot be continued make room before anything is sent. */
async function setAside(ctx: RunContext, {receiver}: Pair, plan: JobPlan, failed: Failures): Promise<void> {
  const copies = plan.filesystems.flatMap((filesystem) =>
    filesystem.kind === 'steps' && filesystem.setAside !== undefined
      ? [{filesystem: filesystem.filesystem, newest: filesystem.setAside.newest}]
      : [],
  )
  if (copies.length === 0) return
  const names = copies.map(({filesystem}) => filesystem)
  noteFailures(
    names,
    await receiver.setAside(ctx, copies),
    'zfs-failed',
    "cannot set the receiver's copy aside",
    failed,
  )
}

async function protectFirstSteps(
  ctx: RunContext,
  {sender, maxStreams}: Pair,
  plan: JobPlan,
  failed: Failures,
): Promise<void> {
  const requests: ProtectRequest[] = plan.filesystems.flatMap((filesystem) =>
    filesystem.kind === 'steps' && !failed.has(filesystem.filesystem)
      ? seriesOf(filesystem.steps, maxStreams).slice(0, 1).map(protectRequest)
      : [],
  )
  for (const chunk of chunkByBytes(requests, PROTECT_LIMITS, bytesOf)) {
    const names = chunk.map(({filesystem}) => filesystem)
    noteFailures(names, await sender.protect(ctx, chunk), 'zfs-failed', 'cannot protect the step', failed)
  }
}

/** Far below what a frame may have (8 MiB), and more than nearly every run needs. */
const PROTECT_LIMITS: ChunkLimits = {maxBytes: 4 * 1024 * 1024, maxItems: 50_000}

/** No less than a request takes as JSON. */
function bytesOf({filesystem, to}: ProtectRequest): number {
  return filesystem.length + 24 * to.length + 200
}
