import type {RunContext} from '../core/context.ts'
import type {Estimate, Sender} from '../endpoint/sender.ts'
import type {JobPlan, PlannedFilesystem} from '../plan/job-plan.ts'
import type {Step} from '../plan/step.ts'
import type {FilesystemReport, StepReport} from '../report/report.ts'
import {isPredicted} from './predict.ts'
import {reportWithoutSteps} from './report-without-steps.ts'
import {sendRequest, sentBeforeWarnings, setAsideWords, stepWords} from './step-request.ts'

/**
 * The report of a plan nobody carried out: what a dry run shows. Sizes are ZFS's estimates where it gives any; a step
 * that the sender would refuse is shown as failed.
 */
export async function describeReplication(
  ctx: RunContext,
  sender: Sender,
  plan: JobPlan,
): Promise<readonly FilesystemReport[]> {
  const steps = plan.filesystems
    .flatMap((filesystem) => (filesystem.kind === 'steps' ? filesystem.steps : []))
    .filter(exists)
  const estimates = steps.length === 0 ? [] : await sender.estimate(ctx, steps.map(sendRequest))
  const estimateOf = new Map(steps.map((step, index) => [step, estimates[index]]))
  return plan.filesystems.map((filesystem) =>
    filesystem.kind === 'steps'
      ? describeSteps(filesystem, (step) => estimateOf.get(step))
      : reportWithoutSteps(filesystem, new Map(), new Map()),
  )
}

/** ZFS can be asked about the step: neither end is a snapshot that the dry run only predicts. */
function exists({from, to}: Step): boolean {
  return !isPredicted(to.guid) && (from === undefined || !isPredicted(from.guid))
}

function describeSteps(
  plan: Extract<PlannedFilesystem, {kind: 'steps'}>,
  estimateOf: (step: Step) => Estimate | undefined,
): FilesystemReport {
  const {filesystem, abortPartial, setAside} = plan
  const refusal = plan.steps.map((step) => estimateOf(step)?.refusal).find((refusal) => refusal !== undefined)
  const steps = plan.steps.map((step): StepReport => {
    const bytes = estimateOf(step)?.bytes
    const state = refusal === undefined ? 'planned' : 'not-reached'
    return {...stepWords(step), state, ...(bytes === undefined ? {} : {expectedBytes: bytes.toString()})}
  })
  return {
    filesystem,
    state: refusal === undefined ? 'planned' : 'failed',
    ...(setAside === undefined ? {} : {because: setAsideWords(setAside)}),
    ...(abortPartial === undefined ? {} : {because: `a partial receive is given up: ${abortPartial}`}),
    ...(refusal === undefined ? {} : {error: {code: 'send-policy', message: refusal}}),
    steps,
    warnings: sentBeforeWarnings(plan),
  }
}
