import {isErrorCode} from '../core/errors.ts'
import {EXIT, type ExitStatus, exitStatusOf} from '../core/exit-code.ts'
import type {ReportedError, RunReport} from './report.ts'

/** Highest first: when several apply, this is the one a script gets. */
export const RANK: readonly ExitStatus[] = [
  EXIT.bug,
  EXIT.stopped,
  EXIT.usage,
  EXIT.peer,
  EXIT.conflict,
  EXIT.partial,
  EXIT.busy,
  EXIT.ok,
]

/** The worst of several statuses. */
export function worstStatus(statuses: readonly ExitStatus[]): ExitStatus {
  return RANK.find((status) => statuses.includes(status)) ?? EXIT.ok
}

/** The parts of a report that say how it went. */
type Judged = Partial<
  Pick<RunReport, 'error' | 'hooks' | 'snapshot' | 'replicate' | 'pruneSender' | 'pruneReceiver'>
>

/** The exit status that a run deserves: 0 only if every filesystem got what it was to get. */
export function statusOf(report: Judged): ExitStatus {
  const filesystems = report.replicate?.filesystems ?? []
  const errors = [
    report.error,
    report.snapshot?.error,
    report.replicate?.error,
    report.pruneSender?.error,
    report.pruneReceiver?.error,
    ...(report.snapshot?.filesystems ?? []).map(({error}) => error),
    ...filesystems.map(({error}) => error),
    ...(report.hooks ?? []).map(({error}) => error),
  ].filter((error) => error !== undefined)
  const pruned = [...(report.pruneSender?.filesystems ?? []), ...(report.pruneReceiver?.filesystems ?? [])]
  return worstStatus([
    ...errors.map(statusOfError),
    ...(filesystems.some(({state}) => state === 'conflict') ? [EXIT.conflict] : []),
    ...(filesystems.some(({state}) => state === 'failed') || pruned.some(({state}) => state === 'failed')
      ? [EXIT.partial]
      : []),
  ])
}

function statusOfError({code}: ReportedError): ExitStatus {
  if (code === 'stopped') return EXIT.stopped
  return isErrorCode(code) ? exitStatusOf(code) : EXIT.bug
}
