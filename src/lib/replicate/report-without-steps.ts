import type {OperationalError} from '../core/errors.ts'
import type {PlannedFilesystem} from '../plan/job-plan.ts'
import {reportedError} from '../report/describe-error.ts'
import type {FilesystemReport} from '../report/report.ts'
import type {DatasetName} from '../zfs/name.ts'
import {latestVersion} from './latest-version.ts'

/**
 * The report of a filesystem of which nothing was sent. `finished` says what was done nevertheless, `failed` what could
 * not be.
 */
export function reportWithoutSteps(
  plan: PlannedFilesystem,
  finished: ReadonlyMap<DatasetName, string>,
  failed: ReadonlyMap<DatasetName, OperationalError>,
): FilesystemReport {
  const common = {filesystem: plan.filesystem, steps: [], warnings: []}
  const error = failed.get(plan.filesystem)
  if (error !== undefined) return {...common, state: 'failed', error: reportedError(error)}
  switch (plan.kind) {
    case 'conflict':
      return {...common, state: 'conflict', because: `${plan.message} (hint: ${plan.hint})`}
    case 'refused':
      return {...common, state: 'failed', error: {code: plan.code, message: plan.message, hint: plan.hint}}
    case 'skip':
      return {...common, state: 'skipped', because: 'it is a placeholder on the sender'}
    default: {
      const because = finished.get(plan.filesystem)
      return {
        ...common,
        ...latestVersion(plan.kind === 'up-to-date' ? plan.common : undefined),
        state: 'up-to-date',
        ...(because === undefined ? {} : {because}),
      }
    }
  }
}
