import {EXIT} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {formatDuration} from '../core/units.ts'
import type {JobStatus} from './job-status.ts'
import type {FilesystemReport, RunReport} from './report.ts'

/** Ages in milliseconds from which on something is wrong. */
export type FreshnessLimits = {readonly warningMs: number; readonly criticalMs: number}

/** The verdict in the manner of Nagios and Icinga plugins (Monitoring Plugins Development Guidelines). */
export type Freshness = {readonly status: 0 | 1 | 2 | 3; readonly text: string}

const WORDS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const

/**
 * Judges by age, not by the last exit status: the last success of each job, and of each filesystem the newest snapshot that
 * the receiver has, as far as the newest run knows that got to look. A filesystem of which the receiver has nothing is critical.
 */
export function checkFreshness(
  jobs: readonly JobStatus[],
  limits: FreshnessLimits,
  nowMs: number,
): Freshness {
  if (jobs.length === 0) return {status: 3, text: 'ZREPL UNKNOWN - there is no job to look at\n'}
  const findings = jobs.flatMap((job) => [jobFinding(job, limits, nowMs), ...lagFindings(job, limits, nowMs)])
  const status = worst(findings.map(({status}) => status))
  const told =
    status === 0 ? findings.filter(({isJob}) => isJob) : findings.filter((finding) => finding.status > 0)
  const data = findings
    .map(({label, ageMs}) => performanceData(label, ageMs, limits))
    .filter((text) => text !== '')
  const lines = told.map(({text}) => text)
  const performance = data.length === 0 ? '' : ` | ${data.join(' ')}`
  return {status, text: `ZREPL ${WORDS[status]} - ${lines.join('; ')}${performance}\n`}
}

type Finding = {
  readonly status: 0 | 1 | 2 | 3
  readonly text: string
  readonly label: string
  readonly ageMs: number | undefined
  readonly isJob: boolean
}

function jobFinding({job, last, lastSuccess}: JobStatus, limits: FreshnessLimits, nowMs: number): Finding {
  const label = `${job} success`
  const name = `job ${printable(job)}`
  if (last === undefined)
    return {status: 3, text: `${name} has never run`, label, ageMs: undefined, isJob: true}
  if (lastSuccess === undefined)
    return {status: 2, text: `${name} has never succeeded`, label, ageMs: undefined, isJob: true}
  const ageMs = nowMs - Date.parse(lastSuccess.finishedAt)
  return {
    status: levelOf(ageMs, limits),
    text: `${name} succeeded ${formatDuration(ageMs)} ago${lastWords(last)}`,
    label,
    ageMs,
    isJob: true,
  }
}

/** Age alone decides; but whoever reads the line wants to know that it is about to get worse. */
function lastWords({exitStatus}: RunReport): string {
  return exitStatus === EXIT.ok ? '' : `, its last run ended with exit ${exitStatus}`
}

function lagFindings({job, seen}: JobStatus, limits: FreshnessLimits, nowMs: number): readonly Finding[] {
  return (seen?.filesystems ?? [])
    .filter(({state}) => state !== 'skipped')
    .map((filesystem) => lagFinding(job, filesystem, limits, nowMs))
}

function lagFinding(
  job: string,
  {filesystem, state, latest}: FilesystemReport,
  limits: FreshnessLimits,
  nowMs: number,
): Finding {
  const label = `${job} ${filesystem}`
  const name = printable(filesystem)
  if (latest === undefined)
    return {
      status: 2,
      text: `${name}: ${state}, how far it has come is not known`,
      label,
      ageMs: undefined,
      isJob: false,
    }
  const ageMs = nowMs - Date.parse(latest.createdAt)
  const text = `${name}: ${state}, the receiver's newest is ${formatDuration(ageMs)} old`
  return {status: levelOf(ageMs, limits), text, label, ageMs, isJob: false}
}

function levelOf(ageMs: number, {warningMs, criticalMs}: FreshnessLimits): 0 | 1 | 2 {
  if (ageMs >= criticalMs) return 2
  return ageMs >= warningMs ? 1 : 0
}

/** Critical before unknown: what is certainly wrong matters more than what nobody knows. */
function worst(statuses: readonly (0 | 1 | 2 | 3)[]): 0 | 1 | 2 | 3 {
  return ([2, 3, 1] as const).find((status) => statuses.includes(status)) ?? 0
}

/** `'label'=seconds;warning;critical`; quotes and equals signs cannot be in a label. */
function performanceData(label: string, ageMs: number | undefined, limits: FreshnessLimits): string {
  if (ageMs === undefined) return ''
  const seconds = (ms: number) => Math.round(ms / 1000)
  const name = printable(label).replace(/['=]/g, '_')
  return `'${name}'=${seconds(ageMs)}s;${seconds(limits.warningMs)};${seconds(limits.criticalMs)}`
}
