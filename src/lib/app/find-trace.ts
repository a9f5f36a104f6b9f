import {statSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {hasRuns} from '../host/kept-runs.ts'
import {keptTraces} from '../host/kept-traces.ts'
import {stateDirectory} from './kept-reports.ts'

/** What a person names: a job and perhaps one of its runs, or a file. */
export type TraceWords = {readonly jobOrFile: string; readonly run: string | undefined}

/**
 * The file of a trace: that of the job's newest run that has one, or of the one whose name begins with `run`. What has a slash
 * in it, or is no job of which anything is kept, is a file. Throws `usage` when there is no such trace, with how to get one.
 */
export function findTrace({jobOrFile, run}: TraceWords): string {
  const state = stateDirectory()
  if (run === undefined && (jobOrFile.includes('/') || !hasRuns(state, jobOrFile))) {
    if (isFile(jobOrFile)) return jobOrFile
    throw noTrace(
      jobOrFile,
      `there is no file ${quoted(jobOrFile)}${jobOrFile.includes('/') ? '' : ', and nothing is kept of a job of that name'}`,
    )
  }
  const [newest, ...others] = keptTraces(state, jobOrFile).filter((kept) => kept.run.startsWith(run ?? ''))
  const which = run === undefined ? '' : ` that begins with ${quoted(run)}`
  if (newest === undefined)
    throw noTrace(jobOrFile, `of job ${quoted(jobOrFile)} no trace of a run${which} is kept`)
  if (run === undefined || others.length === 0) return newest.path
  throw new OperationalError(
    'usage',
    `of job ${quoted(jobOrFile)} ${others.length + 1} traces of runs are kept${which.replace('begins', 'begin')}`,
    {hint: `zrepl trace list ${jobOrFile} shows them`},
  )
}

/** What to do to have a trace the next time. */
export const HOW_TO_KEEP =
  'traces are kept of runs with --keep-trace, and of all runs with {type: trace} in global.monitoring'

function noTrace(jobOrFile: string, message: string): OperationalError {
  const hint = jobOrFile.includes('/') ? undefined : `${HOW_TO_KEEP}; zrepl trace list shows them`
  return new OperationalError('usage', message, {hint})
}

function isFile(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isFile() ?? false
}
