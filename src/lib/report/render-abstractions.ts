import {type Abstraction, formatAbstraction, fullPathOf, isHeld} from '../abstraction/abstraction.ts'
import {printable} from '../core/printable.ts'
import type {Version} from '../zfs/version.ts'

/**
 * A table for people, one line for each abstraction; empty when there is none. With `configured`, the names of all jobs
 * of this host, jobs that are not among them are marked: what they left is nobody's any more.
 */
export function renderAbstractionTable(
  abstractions: readonly Abstraction[],
  configured: ReadonlySet<string> | undefined,
): string {
  if (abstractions.length === 0) return ''
  const rows = abstractions.map((abstraction) => [
    abstraction.type,
    jobWords(abstraction.jobId, configured),
    formatCreation(abstraction.version.creation),
    printable(fullPathOf(abstraction)),
    isHeld(abstraction) ? printable(abstraction.tag) : '-',
  ])
  return renderTable([['TYPE', 'JOB', 'CREATION', 'VERSION', 'TAG'], ...rows])
}

/**
 * One line of JSON with the fields of `zrepl zfs-abstraction list --json`. Guids and createtxgs are JSON numbers as in
 * zrepl's output; they exceed 2^53, so they are written as text and never were JavaScript numbers.
 */
export function renderAbstractionJson(abstraction: Abstraction): string {
  const {type, version, jobId} = abstraction
  return renderObject({
    Type: JSON.stringify(type),
    FS: JSON.stringify(version.filesystem),
    Name: JSON.stringify(isHeld(abstraction) ? abstraction.tag : version.name),
    FullPath: JSON.stringify(fullPathOf(abstraction)),
    JobID: JSON.stringify(jobId ?? null),
    CreateTXG: String(version.createtxg),
    FilesystemVersion: versionJson(version),
    String: JSON.stringify(formatAbstraction(abstraction)),
  })
}

/** One line of JSON with the fields of `zrepl zfs-abstraction release-all --json`: `DestroyErr` is empty for done. */
export function renderReleasedJson(abstraction: Abstraction, because: string | undefined): string {
  return renderObject({
    Abstraction: renderAbstractionJson(abstraction),
    DestroyErr: JSON.stringify(because ?? ''),
  })
}

function versionJson(version: Version): string {
  const isSnapshot = version.kind === 'snapshot'
  return renderObject({
    Type: JSON.stringify(version.kind),
    Name: JSON.stringify(version.name),
    Guid: version.guid,
    CreateTXG: String(version.createtxg),
    Creation: JSON.stringify(formatCreation(version.creation)),
    UserRefs: JSON.stringify({Value: isSnapshot ? version.userrefs : 0, Valid: isSnapshot}),
  })
}

/** The values are JSON already. */
function renderObject(members: Readonly<Record<string, string>>): string {
  return `{${Object.entries(members)
    .map(([key, json]) => `${JSON.stringify(key)}:${json}`)
    .join(',')}}`
}

function jobWords(jobId: string | undefined, configured: ReadonlySet<string> | undefined): string {
  if (jobId === undefined) return '-'
  const known = configured?.has(jobId) ?? true
  return `${printable(jobId)}${known ? '' : ' (not configured)'}`
}

/** RFC 3339 in UTC, to the second. */
function formatCreation(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}
