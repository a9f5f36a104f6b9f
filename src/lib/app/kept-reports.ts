import type {Job} from '../config/job.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {keepReport, keptReports} from '../host/kept-reports.ts'
import {defaultLockDirectory} from '../host/lock.ts'
import {resolveNamedFile} from '../host/named-file.ts'
import {defaultStateDirectory} from '../host/state-directory.ts'
import {writeFileAtomically} from '../host/write-file-atomically.ts'
import {isLeftToAnother} from '../report/is-worth-telling.ts'
import {type JobStatus, jobStatus, obsoleteReports} from '../report/job-status.ts'
import {readReport} from '../report/read-report.ts'
import {renderMetrics, type Version} from '../report/render-metrics.ts'
import type {RunReport} from '../report/report.ts'
import {runnerOf} from './job-place.ts'

/** `metrics` is the file that metrics of all of `jobs` are written to; they name `version`. */
export type RunMemory = {
  readonly jobs: readonly Job[]
  readonly metrics: string | undefined
  readonly version: Version
}

/**
 * Keeps the reports of a run that it is called with, the last one instead of those before, for `zrepl status` and for metrics.
 * Nothing depends on it: where one of the two is not possible, the other is done, and the run is what it was, with a warning.
 * Of a run that has left the job to another one nothing is kept: the other one's counts.
 */
export function rememberRun(
  ctx: RunContext,
  {jobs, metrics, version}: RunMemory,
): (report: RunReport) => void {
  const told = new Set<string>()

  function tryTo(work: () => void, otherwise: string): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      if (!told.has(otherwise)) ctx.log.of('job').warn(otherwise, {error: error.message})
      told.add(otherwise)
    }
  }

  return (report) => {
    if (report.dryRun || isLeftToAnother(report)) return
    tryTo(() => keep(report), 'the report of this run is not kept')
    if (metrics === undefined) return
    tryTo(
      () =>
        writeFileAtomically(
          resolveNamedFile(metrics),
          renderMetrics(statusesOf(jobs, {newest: report}), version),
          0o644,
        ),
      'the metrics are not written',
    )
  }
}

function keep(report: RunReport): void {
  const text = `${JSON.stringify(report)}\n`
  keepReport(stateDirectory(), report.job, {startedAt: report.startedAt, text}, (kept) =>
    obsoleteReports(kept.map((one) => ({...one, report: readReport(one.text)}))),
  )
}

/** The newest report of a job that is kept, if one can be read. */
export function lastReport(job: string): RunReport | undefined {
  try {
    return keptReports(stateDirectory(), job)
      .map(({text}) => readReport(text))
      .find((report) => report !== undefined)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

/**
 * What is known of each job that runs by itself. A report that is damaged, or of another version, counts as if it were not
 * there, and `warn` is told. `newest` counts also where it could not be kept. Throws `host`.
 */
export function statusesOf(
  jobs: readonly Job[],
  {
    warn = () => {},
    newest,
  }: {readonly warn?: ((text: string) => void) | undefined; readonly newest?: RunReport | undefined} = {},
): readonly JobStatus[] {
  const locks = defaultLockDirectory(process.getuid?.() ?? 0, process.env)
  return jobs
    .filter(({type}) => type !== 'sink')
    .map(({name, type}) => {
      const kept = keptReports(stateDirectory(), name).flatMap(({name: file, text}) => {
        const report = readReport(text)
        if (report === undefined) warn(`warning: job ${name}: report ${file} cannot be read: it is ignored\n`)
        return report ?? []
      })
      const reports =
        newest?.job === name
          ? [newest, ...kept.filter(({startedAt}) => startedAt !== newest.startedAt)]
          : kept
      return jobStatus({job: name, type, ...runnerOf(locks, name)}, reports)
    })
}

/** Where runs of this user keep what they leave. */
export function stateDirectory(): string {
  return defaultStateDirectory(process.getuid?.() ?? 0, process.env)
}
