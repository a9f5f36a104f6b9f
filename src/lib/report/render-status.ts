import {EXIT_MEANING} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {formatDuration} from '../core/units.ts'
import {renderError} from './describe-error.ts'
import type {JobStatus} from './job-status.ts'
import {renderProgress} from './render-progress.ts'
import type {FilesystemReport, RunReport} from './report.ts'

/** What a person wants to know of a job at a glance: does it run, how did it end, how far has each filesystem come. */
export function renderStatus(
  {job, type, running, progress, last, lastSuccess}: JobStatus,
  nowMs: number,
): string {
  const lines = [
    `job ${printable(job)} (${type})${running === undefined ? '' : `: running (${printable(running)})`}`,
    ...(progress === undefined ? [] : renderProgress(progress, nowMs)),
    ...(last === undefined ? ['  no run is on record'] : lastLines(last, nowMs)),
    ...(last === undefined || last === lastSuccess ? [] : [successLine(lastSuccess, nowMs)]),
    ...(last?.replicate?.filesystems ?? []).map((filesystem) => filesystemLine(filesystem, nowMs)),
  ]
  return `${lines.join('\n')}\n`
}

function lastLines(last: RunReport, nowMs: number): readonly string[] {
  const tookMs = Date.parse(last.finishedAt) - Date.parse(last.startedAt)
  const how = `exit ${last.exitStatus}: ${EXIT_MEANING[last.exitStatus]}`
  return [
    `  last run ${ago(last.finishedAt, nowMs)}, took ${formatDuration(tookMs)}; ${how}`,
    ...(last.error === undefined ? [] : [`  ${renderError(last.error)}`]),
  ]
}

function successLine(lastSuccess: RunReport | undefined, nowMs: number): string {
  return lastSuccess === undefined
    ? '  no run on record has succeeded'
    : `  last success ${ago(lastSuccess.finishedAt, nowMs)}`
}

function filesystemLine(
  {filesystem, state, latest, because, error}: FilesystemReport,
  nowMs: number,
): string {
  const where = latest === undefined ? '' : `, ${printable(latest.version)} ${ago(latest.createdAt, nowMs)}`
  const why = error?.message ?? (state === 'conflict' ? because : undefined)
  return `    ${printable(filesystem)}: ${state}${where}${why === undefined ? '' : `: ${printable(why)}`}`
}

/** `2h ago (2026-01-02T03:04:05.000Z)`; a moment to come is told as such. */
function ago(at: string, nowMs: number): string {
  const ms = nowMs - Date.parse(at)
  return ms < 0
    ? `in ${formatDuration(-ms)} (${at}; is the clock right?)`
    : `${formatDuration(ms)} ago (${at})`
}
