import {quoted} from '../core/printable.ts'
import type {EndpointView} from '../endpoint/view.ts'
import type {ReportedError} from '../report/report.ts'

/** A dataset the configuration names that is not there: a backup that silently skips it would be none. */
export function missingDataset(filesystem: string): ReportedError {
  return {
    code: 'dataset-missing',
    message: `${quoted(filesystem)} does not exist`,
    hint: 'is its pool imported? if it is gone for good, remove it from filesystems',
  }
}

/** A job whose filter means nothing that exists; `undefined` when it means something. */
export function nothingMatches(view: EndpointView): ReportedError | undefined {
  if (view.filesystems.length > 0 || view.missing.length > 0) return undefined
  return {code: 'dataset-missing', message: 'filesystems matches no dataset'}
}
