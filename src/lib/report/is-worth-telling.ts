import {EXIT} from '../core/exit-code.ts'
import type {RunReport} from './report.ts'

/**
 * Whether somebody who asked to be told then is told of a run. `before` is the job's run before it, if any is known. A run that
 * has left the job to another one is no failure and no change: the other one tells how the job is.
 */
export function isWorthTelling(
  when: 'always' | 'change' | 'failure',
  report: Pick<RunReport, 'exitStatus' | 'error'>,
  before: Pick<RunReport, 'exitStatus'> | undefined,
): boolean {
  if (when === 'always') return true
  if (isLeftToAnother(report)) return false
  return report.exitStatus !== (when === 'failure' ? EXIT.ok : (before?.exitStatus ?? EXIT.ok))
}

/** Whether nothing was done because another run of the job is at it, and comes on. */
export function isLeftToAnother({error}: Pick<RunReport, 'error'>): boolean {
  return error?.code === 'job-busy'
}
