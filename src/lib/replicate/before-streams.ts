import type {RunContext} from '../core/context.ts'
import type {ProtectRequest} from '../endpoint/sender.ts'
import type {JobPlan} from '../plan/job-plan.ts'
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
  {sender}: Pair,
  plan: JobPlan,
  failed: Failures,
): Promise<void> {
  const requests: ProtectRequest[] = plan.filesystems.flatMap((filesystem) =>
    filesystem.kind === 'steps' && !failed.has(filesystem.filesystem)
      ? protectRequest(filesystem.steps[0])
      : [],
  )
  if (requests.length === 0) return
  const names = requests.map(({filesystem}) => filesystem)
  noteFailures(names, await sender.protect(ctx, requests), 'zfs-failed', 'cannot protect the step', failed)
}
