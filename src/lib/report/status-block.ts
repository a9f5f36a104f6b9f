import {EXIT_MEANING} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {formatDuration} from '../core/units.ts'
import {FILESYSTEM_STATES} from '../progress/announced-state.ts'
import {renderError} from './describe-error.ts'
import type {JobStatus} from './job-status.ts'
import type {Line} from './line.ts'
import {filesystemProgressLines, progressLines} from './render-progress.ts'
import {notifyLines} from './render-text.ts'
import type {FilesystemReport, RunReport} from './report.ts'

/** What is known of one job, for a person. */
export type StatusBlock = {
  readonly head: readonly Line[]
  /** One for each filesystem, what one looks for first at the top. */
  readonly filesystems: readonly Line[]
  /** Filesystems of which nobody told. */
  readonly untold: number
}

/**
 * What a person wants to know of a job at a glance: does it run and how does it come on, how did it end the last time, how
 * far has each filesystem come.
 */
export function statusBlock(status: JobStatus, nowMs: number): StatusBlock {
  const {job, type, running, heldBy, progress, last, lastSuccess, seen} = status
  const head: readonly Line[] = [
    {
      text: `job ${printable(job)} (${type})${running === undefined ? '' : `: running (${printable(running)})`}`,
    },
    ...(heldBy === undefined
      ? []
      : [
          {
            text: `  its lock is held by what a run that is gone has started: ${heldBy}`,
            color: 'red' as const,
          },
        ]),
    ...(progress === undefined ? [] : progressLines(progress, nowMs)),
    ...(last === undefined ? [{text: '  no run is on record'}] : lastLines(last, nowMs)),
    ...(last === undefined || last === lastSuccess ? [] : [{text: successText(lastSuccess, nowMs)}]),
    ...(seen === undefined || seen.at === last?.finishedAt
      ? []
      : [{text: `  filesystems as they were seen ${ago(seen.at, nowMs)}`}]),
  ]
  if (progress !== undefined && progress.filesystems.length > 0) {
    const total = FILESYSTEM_STATES.reduce((sum, state) => sum + progress.counts[state], 0)
    return {head, filesystems: filesystemProgressLines(progress), untold: total - progress.filesystems.length}
  }
  const filesystems = seen?.filesystems ?? []
  const [bad, good] = [filesystems.filter(isBad), filesystems.filter((one) => !isBad(one))]
  return {head, filesystems: [...bad, ...good].map((one) => filesystemLine(one, nowMs)), untold: 0}
}

function isBad({state}: FilesystemReport): boolean {
  return state === 'failed' || state === 'conflict'
}

function lastLines(last: RunReport, nowMs: number): readonly Line[] {
  const tookMs = Date.parse(last.finishedAt) - Date.parse(last.startedAt)
  const how = `exit ${last.exitStatus}: ${EXIT_MEANING[last.exitStatus]}`
  const color = last.exitStatus === 0 ? ('green' as const) : ('red' as const)
  return [
    {text: `  last run ${ago(last.finishedAt, nowMs)}, took ${formatDuration(tookMs)}; ${how}`, color},
    ...(last.error === undefined ? [] : [{text: `  ${renderError(last.error)}`, color}]),
    ...notifyLines(last).map((line) => ({text: `  ${line}`, color: 'yellow' as const})),
  ]
}

function successText(lastSuccess: RunReport | undefined, nowMs: number): string {
  return lastSuccess === undefined
    ? '  no run on record has succeeded'
    : `  last success ${ago(lastSuccess.finishedAt, nowMs)}`
}

function filesystemLine(one: FilesystemReport, nowMs: number): Line {
  const {filesystem, state, latest, because, error} = one
  const where = latest === undefined ? '' : `, ${printable(latest.version)} ${ago(latest.createdAt, nowMs)}`
  const why = error?.message ?? (state === 'conflict' ? because : undefined)
  return {
    text: `    ${printable(filesystem)}: ${state}${where}${why === undefined ? '' : `: ${printable(why)}`}`,
    color: isBad(one) ? 'red' : undefined,
  }
}

/** `2h ago (2026-01-02T03:04:05.000Z)`; a moment to come is told as such. */
function ago(at: string, nowMs: number): string {
  const ms = nowMs - Date.parse(at)
  return ms < 0
    ? `in ${formatDuration(-ms)} (${at}; is the clock right?)`
    : `${formatDuration(ms)} ago (${at})`
}
