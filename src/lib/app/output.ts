import {OperationalError} from '../core/errors.ts'
import {type ExitStatus, exitStatusOfThrown} from '../core/exit-code.ts'
import {quoted} from '../core/printable.ts'
import {renderThrown} from '../report/describe-error.ts'
import type {DatasetName} from '../zfs/name.ts'

/** Where a command's results and complaints go. */
export type Output = {
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
}

/** Tells of one part that failed, so that the others go on, and returns the status for it. Bugs pass through. */
export function complain({printError}: Output, error: unknown): ExitStatus {
  if (!(error instanceof OperationalError)) throw error
  printError(`${renderThrown(error)}\n`)
  return exitStatusOfThrown(error)
}

/** Tells of datasets that were asked for and do not exist. Returns the status of each. */
export function complainOfMissing(output: Output, missing: readonly DatasetName[]): readonly ExitStatus[] {
  return missing.map((dataset) =>
    complain(output, new OperationalError('dataset-missing', `${quoted(dataset)} does not exist`)),
  )
}
