import type {PlannedFilesystem} from '../plan/job-plan.ts'
import {reportedError} from '../report/describe-error.ts'
import type {FilesystemReport, StepReport} from '../report/report.ts'
import {latestVersion} from './latest-version.ts'
import type {SeriesFailure} from './run-series.ts'
import {stepWords} from './step-request.ts'

/** A filesystem that has something to send. */
export type StepsPlan = Extract<PlannedFilesystem, {kind: 'steps'}>

/**
 * The report of a filesystem of which `done` is all that went well. Steps behind those that were begun are `not-reached`,
 * and so are all of one that is not begun because of its parent.
 */
export function failedReport(
  plan: StepsPlan,
  done: readonly StepReport[],
  {error, begun}: SeriesFailure,
  warnings: readonly string[],
): FilesystemReport {
  const reported = reportedError(error)
  const rest = plan.steps.slice(done.length).map(
    (step, index): StepReport => ({
      ...stepWords(step),
      state: index < begun && reported.code !== 'parent-failed' ? 'failed' : 'not-reached',
    }),
  )
  return {
    filesystem: plan.filesystem,
    state: 'failed',
    ...latestVersion(plan.steps[done.length]?.from),
    steps: [...done, ...rest],
    error: reported,
    warnings: [...warnings],
  }
}
