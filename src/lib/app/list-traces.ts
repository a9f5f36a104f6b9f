import {EXIT, EXIT_MEANING, type ExitStatus} from '../core/exit-code.ts'
import {formatBytes, formatDuration} from '../core/units.ts'
import {keptReports} from '../host/kept-reports.ts'
import {keptTraces} from '../host/kept-traces.ts'
import {readReport} from '../report/read-report.ts'
import {jobNamed, readConfig} from './config-file.ts'
import {HOW_TO_KEEP} from './find-trace.ts'
import {stateDirectory} from './kept-reports.ts'
import type {Output} from './output.ts'

export type ListTracesRequest = Output & {
  readonly config: string | undefined
  readonly jobs: readonly string[]
  readonly json: boolean
}

/**
 * Prints the traces that are kept of jobs (all, if none is named), newest first: a line each, or an object each. Throws
 * `config`, `usage` and `host`.
 */
export function printTraces({
  config: path,
  jobs: names,
  json,
  print,
  printError,
}: ListTracesRequest): ExitStatus {
  const config = readConfig(path, printError)
  const jobs = names.length === 0 ? config.jobs : names.map((name) => jobNamed(config, name))
  const traces = jobs.flatMap(({name}) => tracesOf(name))
  if (json) for (const trace of traces) print(`${JSON.stringify(trace)}\n`)
  else if (traces.length === 0) printError(`zrepl: no trace is kept: ${HOW_TO_KEEP}\n`)
  else print(traces.map(lineOf).join(''))
  return EXIT.ok
}

/** A kept trace, with what the report of its run says; there is none while the run goes on, or when it was killed. */
type ListedTrace = {
  readonly job: string
  readonly run: string
  readonly file: string
  readonly bytes: number
  readonly durationMs?: number
  readonly exitStatus?: ExitStatus
}

function tracesOf(job: string): readonly ListedTrace[] {
  const reports = new Map(keptReports(stateDirectory(), job).map(({name, text}) => [name, text]))
  return keptTraces(stateDirectory(), job).map(({run, path, bytes}) => {
    const report = readReport(reports.get(`${run}.json`) ?? '')
    const known = report && {
      durationMs: Date.parse(report.finishedAt) - Date.parse(report.startedAt),
      exitStatus: report.exitStatus,
    }
    return {job, run, file: path, bytes, ...known}
  })
}

function lineOf({job, run, bytes, durationMs, exitStatus}: ListedTrace): string {
  const took = durationMs === undefined ? '' : formatDuration(durationMs)
  const end =
    exitStatus === undefined
      ? 'no report: it still runs, or was killed'
      : `exit ${exitStatus}: ${EXIT_MEANING[exitStatus]}`
  return `${job}  ${run}  ${took.padStart(7)}  ${formatBytes(bytes).padStart(8)}  ${end}\n`
}
