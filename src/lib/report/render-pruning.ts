import {printable} from '../core/printable.ts'
import {formatBytes} from '../core/units.ts'
import {renderError} from './describe-error.ts'
import type {PrunedFilesystem, PrunedSnapshot, PruneReport} from './report.ts'

/**
 * How much is told of the snapshots: what was destroyed or could not be; or all, those in a row of which the same is to be
 * said in one line; or all, a line for each.
 */
export type PruneDetail = 'changes' | 'groups' | 'each'

/** What pruning one side has done or would do. */
export function pruneLines(phase: string, prune: PruneReport, detail: PruneDetail): readonly string[] {
  return [
    ...(prune.error ? [`  ${phase}: ${renderError(prune.error).slice('zrepl: '.length)}`] : []),
    ...prune.filesystems.flatMap((filesystem) =>
      filesystemLines(filesystem, detail).map((line) => `  ${phase} ${line}`),
    ),
  ]
}

function filesystemLines(
  {filesystem, state, because, snapshots, freedBytes, error}: PrunedFilesystem,
  detail: PruneDetail,
): readonly string[] {
  const name = printable(filesystem)
  if (state === 'skipped')
    return detail === 'changes' ? [] : [`${name}: skipped: ${printable(because ?? '')}`]
  if (error !== undefined) return [`${name}: ${renderError(error).slice('zrepl: '.length)}`]
  const told = snapshots.filter(
    ({state}) => detail !== 'changes' || (state !== 'kept' && state !== 'refused'),
  )
  return [
    ...groupsOf(told, detail === 'groups').map((group) => groupLine(filesystem, group)),
    ...(freedBytes === undefined ? [] : [`${name}: would free ${formatBytes(BigInt(freedBytes))}`]),
  ]
}

/** Of fewer than these in a row each has its line: that is no longer, and names them all. */
const MIN_GROUP = 3

type Group = readonly [PrunedSnapshot, ...PrunedSnapshot[]]

function groupsOf(snapshots: readonly PrunedSnapshot[], together: boolean): readonly Group[] {
  const rows: [PrunedSnapshot, ...PrunedSnapshot[]][] = []
  for (const snapshot of snapshots) {
    const row = rows.at(-1)
    if (row !== undefined && wordsOf(row[0]) === wordsOf(snapshot)) row.push(snapshot)
    else rows.push([snapshot])
  }
  return rows.flatMap((row): readonly Group[] =>
    together && row.length >= MIN_GROUP ? [row] : row.map((one): Group => [one]),
  )
}

function groupLine(filesystem: string, group: Group): string {
  const [first] = group
  const last = group.at(-1)
  const names =
    last === undefined || last === first
      ? `${filesystem}@${first.name}`
      : `${filesystem}@${first.name} to @${last.name} (${group.length} snapshots)`
  return `${printable(names)}: ${wordsOf(first)}`
}

const WORDS = {
  kept: '',
  destroyed: 'destroyed: ',
  doomed: 'would be destroyed: ',
  refused: '',
  failed: 'not destroyed: ',
}

function wordsOf({state, because, error}: PrunedSnapshot): string {
  return `${WORDS[state]}${printable(error ?? because.replace(/^destroyed: /, ''))}`
}
