import type {RunContext} from '../core/context.ts'
import type {Sender} from '../endpoint/sender.ts'
import type {JobPlan, PlannedFilesystem} from '../plan/job-plan.ts'
import type {Step} from '../plan/step.ts'
import type {PlannedProgress} from '../progress/run-state.ts'
import type {DatasetName} from '../zfs/name.ts'
import {sendRequest} from './step-request.ts'

/**
 * What a plan has for each filesystem, for those who look on. With `sizes`, ZFS is asked what it expects the steps to
 * move.
 */
export async function plannedProgress(
  ctx: RunContext,
  {sender, sizes}: {readonly sender: Sender; readonly sizes: boolean},
  {filesystems}: JobPlan,
): Promise<ReadonlyMap<DatasetName, PlannedProgress>> {
  const steps = filesystems.flatMap(stepsOf)
  const estimates = sizes && steps.length > 0 ? await sender.estimate(ctx, steps.map(sendRequest)) : []
  const sizeOf = new Map(steps.map((step, index) => [step, estimates[index]?.bytes]))
  return new Map(
    filesystems.map((plan) => [
      plan.filesystem,
      {steps: stepsOf(plan).length, expectedBytes: bytesOf(stepsOf(plan), sizeOf), error: obstacleOf(plan)},
    ]),
  )
}

function stepsOf(plan: PlannedFilesystem): readonly Step[] {
  return plan.kind === 'steps' ? plan.steps : []
}

/** `undefined` unless it is known of each. */
function bytesOf(steps: readonly Step[], sizeOf: ReadonlyMap<Step, bigint | undefined>): bigint | undefined {
  return steps.reduce<bigint | undefined>((sum, step) => {
    const bytes = sizeOf.get(step)
    return sum === undefined || bytes === undefined ? undefined : sum + bytes
  }, 0n)
}

function obstacleOf(plan: PlannedFilesystem): string | undefined {
  if (plan.kind === 'conflict') return `conflict: ${plan.message}`
  return plan.kind === 'refused' ? plan.message : undefined
}
