import {EXIT} from '../core/exit-code.ts'
import type {RunReport} from './report.ts'

/** Whether somebody who asked to be told then is told of a run. `before` is the job's run before it, if any is known. */
export function isWorthTelling(
  when: 'always' | 'change' | 'failure',
  {exitStatus}: Pick<RunReport, 'exitStatus'>,
  before: Pick<RunReport, 'exitStatus'> | undefined,
): boolean {
  switch (when) {
    case 'always':
      return true
    case 'failure':
      return exitStatus !== EXIT.ok
    case 'change':
      return exitStatus !== (before?.exitStatus ?? EXIT.ok)
  }
}
