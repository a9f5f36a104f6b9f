import {EXIT, EXIT_MEANING} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {formatBytes, formatDuration} from '../core/units.ts'
import {renderError} from './describe-error.ts'
import {pruneLines} from './render-pruning.ts'
import type {
  FilesystemReport,
  HookReport,
  PrunedFilesystem,
  ReplicateReport,
  RunReport,
  SnapshotReport,
  StepReport,
} from './report.ts'

/**
 * The rules of what a person sees: one line for each thing that was done or failed, nothing for what was in order
 * except in the summary; names as ZFS prints them, escaped; lower case, no full stop. A dry run also tells what would be
 * kept, and puts what is alike into one line. With `verbose` also what was up to date, and a line for every snapshot.
 */
export function renderText(report: RunReport, {verbose}: {readonly verbose: boolean}): string {
  const detail = verbose ? 'each' : report.dryRun ? 'groups' : 'changes'
  const lines = [
    `job ${printable(report.job)} (${report.type})${report.dryRun ? ': this is what a run would do' : ''}`,
    ...hookLines(report.hooks ?? [], verbose || report.dryRun),
    ...(report.snapshot ? snapshotLines(report.snapshot, verbose) : []),
    ...(report.replicate ? replicateLines(report.replicate, verbose) : []),
    ...(report.pruneSender ? pruneLines('prune sender', report.pruneSender, detail) : []),
    ...(report.pruneReceiver ? pruneLines('prune receiver', report.pruneReceiver, detail) : []),
    ...report.warnings.map((warning) => `  warning: ${printable(warning)}`),
    ...notifyLines(report).map((line) => `  ${line}`),
    ...(report.error ? [`  ${renderError(report.error)}`] : []),
    `  ${summary(report)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Who could not be told of the run, a line each. */
export function notifyLines({notifyFailures = []}: Pick<RunReport, 'notifyFailures'>): readonly string[] {
  return notifyFailures.map((one) => `notify ${one.type} of the ${one.of}: ${printable(one.error)}`)
}

/** What went wrong, one line each, for stderr: empty when all is well. */
export function renderProblems(report: RunReport): string {
  if (report.exitStatus === EXIT.ok) return ''
  const lines = problems(report).map((problem) => `zrepl: job ${printable(report.job)}: ${problem}\n`)
  lines.push(...notifyLines(report).map((line) => `zrepl: job ${printable(report.job)}: ${line}\n`))
  return `${lines.join('')}zrepl: job ${printable(report.job)}: exit ${report.exitStatus}: ${EXIT_MEANING[report.exitStatus]}\n`
}

/** What several phases have met with is said once. */
function problems(report: RunReport): readonly string[] {
  return Array.from(new Set(problemsOfPhases(report)))
}

function problemsOfPhases(report: RunReport): readonly string[] {
  const phases = [report, report.snapshot, report.replicate, report.pruneSender, report.pruneReceiver]
  const whole = new Set(phases.flatMap((phase) => (phase?.error ? [bare(phase.error)] : [])))
  return [
    ...whole,
    ...(report.hooks ?? []).flatMap((hook) => (hook.error ? [`${hookName(hook)}: ${bare(hook.error)}`] : [])),
    ...(report.snapshot?.filesystems ?? []).flatMap(({filesystem, error}) =>
      error ? [`${printable(filesystem)}: ${bare(error)}`] : [],
    ),
    ...(report.replicate?.filesystems ?? []).flatMap((one) => filesystemProblem(one, whole)),
    ...[report.pruneSender, report.pruneReceiver].flatMap((side) =>
      (side?.filesystems ?? []).flatMap(pruneProblems),
    ),
  ]
}

/** What has ended the run as a whole, as a signal does, is not told once more for each filesystem. */
function filesystemProblem(
  {filesystem, state, error, because}: FilesystemReport,
  whole: ReadonlySet<string>,
): readonly string[] {
  if (state === 'conflict') return [`${printable(filesystem)}: conflict: ${printable(because ?? '')}`]
  return error && !whole.has(bare(error)) ? [`${printable(filesystem)}: ${bare(error)}`] : []
}

function pruneProblems({filesystem, error, snapshots}: PrunedFilesystem): readonly string[] {
  return [
    ...(error ? [`${printable(filesystem)}: ${bare(error)}`] : []),
    ...snapshots.flatMap(({name, error}) =>
      error === undefined
        ? []
        : [`${printable(`${filesystem}@${name}`)}: not destroyed: ${printable(error)}`],
    ),
  ]
}

function bare(error: NonNullable<RunReport['error']>): string {
  return renderError(error).slice('zrepl: '.length)
}

function hookLines(hooks: readonly HookReport[], all: boolean): readonly string[] {
  return hooks.flatMap((hook) => {
    if (hook.error) return [`  ${hookName(hook)}: ${bare(hook.error)}`]
    if (!all) return []
    const facts = [
      ...(hook.because === undefined ? [] : [`skipped: ${printable(hook.because)}`]),
      ...(hook.durationMs === undefined ? [] : [formatDuration(hook.durationMs)]),
    ]
    const name = `  ${hookName(hook)}${hook.state === 'planned' ? ' would be run' : ''}`
    return [facts.length === 0 ? name : `${name}: ${facts.join(', ')}`]
  })
}

/** `hook /usr/local/bin/x before tank/a`, `hook mysql-lock-tables after the round`, `hook /x before replicate`. */
function hookName({hook, around, edge, filesystems}: HookReport): string {
  const what =
    around === 'filesystem' ? (filesystems ?? []).join(' ') : around === 'round' ? 'the round' : around
  return `hook ${printable(`${hook} ${edge} ${what}`)}`
}

function snapshotLines(snapshot: SnapshotReport, verbose: boolean): readonly string[] {
  return [
    ...(snapshot.error ? [`  snapshot: ${bare(snapshot.error)}`] : []),
    ...snapshot.filesystems.flatMap(({filesystem, state, snapshot: name, error, because, dueAt}) => {
      if (state === 'failed')
        return [`  snapshot ${printable(filesystem)}: ${error ? bare(error) : 'failed'}`]
      if (state === 'unwritten')
        return verbose ? [`  snapshot ${printable(filesystem)}: none: ${printable(because ?? '')}`] : []
      if (state === 'not-due')
        return verbose ? [`  snapshot ${printable(filesystem)}: not due before ${dueAt}`] : []
      return [
        `  snapshot ${printable(`${filesystem}@${name ?? snapshot.name}`)}${state === 'planned' ? ' would be taken' : ''}`,
      ]
    }),
    ...(verbose ? (snapshot.pools ?? []) : []).map(
      ({pool, snapshots, transactions, consistent}) =>
        `  snapshot pool ${printable(pool)}: ${snapshots} ${consistent ? 'of one instant' : `in ${transactions} transactions`}`,
    ),
  ]
}

function replicateLines(replicate: ReplicateReport, verbose: boolean): readonly string[] {
  return [
    ...(replicate.error ? [`  replicate: ${bare(replicate.error)}`] : []),
    ...replicate.filesystems.flatMap((filesystem) => [
      ...filesystem.steps.map((step) => `  ${stepLine(filesystem.filesystem, step)}`),
      ...outcomeLines(filesystem, verbose),
      ...filesystem.warnings.map(
        (warning) => `  replicate ${printable(filesystem.filesystem)}: warning: ${printable(warning)}`,
      ),
    ]),
  ]
}

function stepLine(
  filesystem: string,
  {from, to, resumed, state, expectedBytes, durationMs}: StepReport,
): string {
  const ends = from === undefined ? `full ${to}` : `${from} -> ${to}`
  const facts = [
    ...(resumed ? ['resumed'] : []),
    ...(expectedBytes === undefined ? [] : [`about ${formatBytes(BigInt(expectedBytes))}`]),
    ...(durationMs === undefined ? [] : [formatDuration(durationMs)]),
  ]
  const words = {done: '', planned: ' would be sent', failed: ' failed', 'not-reached': ' not reached'}[state]
  return `replicate ${printable(`${filesystem} ${ends}`)}${words}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`
}

function outcomeLines(
  {filesystem, state, because, error}: FilesystemReport,
  verbose: boolean,
): readonly string[] {
  const where = `  replicate ${printable(filesystem)}: `
  if (error !== undefined) return [`${where}${bare(error)}`]
  if (state === 'conflict') return [`${where}conflict: ${printable(because ?? '')}`]
  if (because !== undefined) return [`${where}${state}: ${printable(because)}`]
  return verbose && state === 'up-to-date' ? [`${where}up to date`] : []
}

/** ` (frees 1.2 GiB)`, where ZFS tells. */
function freed({pruneSender, pruneReceiver}: RunReport): string {
  const sizes = [pruneSender, pruneReceiver].flatMap((side) =>
    (side?.filesystems ?? []).flatMap(({freedBytes}) =>
      freedBytes === undefined ? [] : [BigInt(freedBytes)],
    ),
  )
  const bytes = sizes.reduce((sum, size) => sum + size, 0n)
  return sizes.length === 0 ? '' : ` (frees ${formatBytes(bytes)})`
}

/** `3 snapshots`, or why there is none. */
function snapshotWords({filesystems, error}: SnapshotReport): string {
  const taken = filesystems.filter(({state}) => state === 'taken' || state === 'planned').length
  const isFailed = error !== undefined || filesystems.some(({state}) => state === 'failed')
  const why = taken > 0 || isFailed ? '' : ` (${whyNone(filesystems)})`
  return `${counted(taken, 'snapshot')}${why}`
}

function whyNone(filesystems: SnapshotReport['filesystems']): string {
  if (filesystems.length === 0) return 'none is due by itself'
  const [next] = filesystems.flatMap(({dueAt}) => dueAt ?? []).toSorted()
  return next === undefined ? 'nothing was written that is worth one' : `none is due before ${next}`
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

function summary(report: RunReport): string {
  const filesystems = report.replicate?.filesystems ?? []
  const steps = filesystems.flatMap(({steps}) => steps)
  const pruned = [report.pruneSender, report.pruneReceiver].flatMap((side) =>
    (side?.filesystems ?? []).flatMap(({snapshots}) => snapshots),
  )
  const count = <T extends {readonly state: string}>(list: readonly T[], ...states: string[]) =>
    list.filter(({state}) => states.includes(state)).length
  const parts = [
    ...(report.snapshot ? [snapshotWords(report.snapshot)] : []),
    ...(report.replicate
      ? [
          `${counted(count(steps, 'done', 'planned'), 'step')}, ${count(filesystems, 'up-to-date')} of ${filesystems.length} filesystems were up to date`,
        ]
      : []),
    ...(report.pruneSender || report.pruneReceiver
      ? [
          `${count(pruned, 'destroyed', 'doomed')} ${report.dryRun ? 'would be destroyed' : 'destroyed'}${freed(report)}, ${count(pruned, 'kept')} kept${count(pruned, 'refused') === 0 ? '' : `, ${count(pruned, 'refused')} refused by the other side`}`,
        ]
      : []),
  ]
  const seconds = Date.parse(report.finishedAt) - Date.parse(report.startedAt)
  return `${[...parts, formatDuration(seconds)].join('; ')}; exit ${report.exitStatus}: ${EXIT_MEANING[report.exitStatus]}`
}
