import type {JobStatus} from './job-status.ts'
import {type Line, renderLine, type Surface} from './line.ts'
import {type StatusBlock, statusBlock} from './status-block.ts'

/** Where a status is shown. `rows` is the height of a screen that all of it has to fit on; `undefined`: all is told. */
export type StatusSurface = Surface & {readonly rows: number | undefined}

/** What is known of jobs as lines for a person, those of jobs that run first where not all of them fit. */
export function renderStatus(
  jobs: readonly JobStatus[],
  nowMs: number,
  surface: StatusSurface,
): readonly string[] {
  const blocks = jobs.map((job) => ({isRunning: job.running !== undefined, ...statusBlock(job, nowMs)}))
  const lines = surface.rows === undefined ? blocks.flatMap(whole) : fitted(blocks, surface.rows)
  return lines.map((line) => renderLine(line, surface))
}

function whole({head, filesystems, untold}: StatusBlock): readonly Line[] {
  return [...head, ...filesystems, ...moreLine(untold)]
}

/**
 * Every job keeps its head as long as there is room; what is left is for filesystems: first of jobs that run, then of the
 * others. What does not fit is counted.
 */
function fitted(
  blocks: readonly (StatusBlock & {readonly isRunning: boolean})[],
  rows: number,
): readonly Line[] {
  const heads = blocks.reduce((sum, {head}) => sum + head.length, 0)
  if (heads > rows) return fittedHeads(blocks, rows)
  let left = rows - heads
  const lines = new Map<StatusBlock, readonly Line[]>()
  for (const block of [
    ...blocks.filter(({isRunning}) => isRunning),
    ...blocks.filter((one) => !one.isRunning),
  ]) {
    const shown = firstOf(block, left)
    lines.set(block, [...block.head, ...shown])
    left -= shown.length
  }
  return blocks.flatMap((block) => lines.get(block) ?? [])
}

/** Not even the heads fit: jobs that run come first. */
function fittedHeads(
  blocks: readonly (StatusBlock & {readonly isRunning: boolean})[],
  rows: number,
): readonly Line[] {
  const heads = [...blocks.filter(({isRunning}) => isRunning), ...blocks.filter((one) => !one.isRunning)]
  return heads.flatMap(({head}) => head).slice(0, Math.max(0, rows))
}

function firstOf({filesystems, untold}: StatusBlock, rows: number): readonly Line[] {
  if (rows <= 0) return []
  if (untold === 0 && filesystems.length <= rows) return filesystems
  const shown = filesystems.slice(0, rows - 1)
  return [...shown, ...moreLine(filesystems.length - shown.length + untold)]
}

function moreLine(count: number): readonly Line[] {
  return count === 0 ? [] : [{text: `    and ${count} more`, color: 'dim'}]
}
