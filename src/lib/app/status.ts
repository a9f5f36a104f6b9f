import type {Job} from '../config/job.ts'
import {OperationalError} from '../core/errors.ts'
import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {printable, quoted} from '../core/printable.ts'
import {parseZreplDuration} from '../core/units.ts'
import {createClock} from '../host/clock.ts'
import {checkFreshness, type Freshness, type FreshnessLimits} from '../report/check-freshness.ts'
import {renderThrown} from '../report/describe-error.ts'
import type {JobStatus} from '../report/job-status.ts'
import {renderStatus} from '../report/render-status.ts'
import {jobNamed, readConfig} from './config-file.ts'
import {statusesOf} from './kept-reports.ts'
import type {Output} from './output.ts'
import {createPicture} from './picture.ts'
import {type Terminal, terminalAt} from './terminal.ts'

type StatusRequest = Output & {
  readonly config: string | undefined
  readonly jobs: readonly string[]
}

/**
 * Prints what is known of jobs (all, if none is named) from the reports of their runs: for a person, or as one JSON object
 * a line. Throws `config`, `usage` and `host`.
 */
export function printStatus(request: StatusRequest & {readonly json: boolean}): ExitStatus {
  const jobs = jobsAskedFor(request)
  const statuses = statusesOf(jobs, {warn: request.printError})
  if (request.json) for (const status of statuses) request.print(`${JSON.stringify(status)}\n`)
  else
    request.print(
      [...allLinesOf(statuses, terminalAt(1)), ...sinkLines(request, jobs)]
        .map((line) => `${line}\n`)
        .join(''),
    )
  return EXIT.ok
}

/**
 * Shows the same on the terminal, each time instead of the last: `for-ever`, until somebody stops it, or as long as one of
 * the jobs runs. What is shown last stays. Where there is no terminal, every picture comes below the one before.
 */
export async function watchStatus(
  request: StatusRequest & {readonly until: 'for-ever' | 'all-ended'},
): Promise<ExitStatus> {
  const clock = createClock()
  const never = new AbortController().signal
  const picture = createPicture(request.print)
  // What else is to be said is said once: later it would be in the middle of the picture.
  let {printError} = request
  for (;;) {
    const jobs = jobsAskedFor({...request, printError})
    const statuses = statusesOf(jobs, {warn: printError})
    printError = () => {}
    const terminal = terminalAt(1)
    const isLast = request.until === 'all-ended' && statuses.every(({running}) => running === undefined)
    const lines = isLast ? allLinesOf(statuses, terminal) : linesOf(statuses, terminal)
    picture.show([...lines, ...sinkLines(request, jobs)], terminal)
    if (isLast) return EXIT.ok
    await clock.sleep(WATCH_EVERY_MS, never)
  }
}

const WATCH_EVERY_MS = 1000

/** The last row is for the cursor. */
function linesOf(statuses: readonly JobStatus[], terminal: Terminal | undefined): readonly string[] {
  const {columns, rows, color = false} = terminal ?? {}
  return renderStatus(statuses, Date.now(), {columns, color, rows: rows === undefined ? undefined : rows - 1})
}

/** What is not going to be replaced may be longer than the screen. */
function allLinesOf(statuses: readonly JobStatus[], terminal: Terminal | undefined): readonly string[] {
  return renderStatus(statuses, Date.now(), {
    columns: undefined,
    rows: undefined,
    color: terminal?.color ?? false,
  })
}

/**
 * Prints a verdict for a monitoring system, and returns its status 0 to 3. What keeps it from judging, like a mistake in
 * the configuration, is `unknown` (3).
 */
export function printFreshness(
  request: StatusRequest & {readonly warning: string | undefined; readonly critical: string | undefined},
): Freshness['status'] {
  try {
    const {status, text} = checkFreshness(statusesOf(jobsAskedFor(request)), limitsOf(request), Date.now())
    request.print(text)
    return status
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return printUnknown(request.print, renderThrown(error))
  }
}

/** The verdict of a check that could not judge, in one line. */
export function printUnknown(print: Output['print'], why: string): 3 {
  print(`ZREPL UNKNOWN - ${printable(why.replaceAll(/\s*\n\s*/g, '; '))}\n`)
  return 3
}

function jobsAskedFor({config: path, jobs: names, printError}: StatusRequest): readonly Job[] {
  const config = readConfig(path, printError)
  return names.length === 0 ? config.jobs : names.map((name) => jobNamed(config, name))
}

/** Of sinks there is nothing to show, which is said where somebody asks for one, or else nothing would be said at all. */
function sinkLines({jobs: names}: StatusRequest, jobs: readonly Job[]): readonly string[] {
  const sinks = jobs.filter(({type}) => type === 'sink')
  if (names.length === 0 && sinks.length < jobs.length) return []
  return sinks.map(
    ({name}) => `job ${printable(name)} (sink): it is served to its clients and has no runs of its own`,
  )
}

const DEFAULT_WARNING = '1d'
const DEFAULT_CRITICAL = '2d'

/** Who asks only for an earlier alarm than the default warning gets no warning before it. */
function limitsOf({
  warning,
  critical = DEFAULT_CRITICAL,
}: {
  readonly warning: string | undefined
  readonly critical: string | undefined
}): FreshnessLimits {
  const criticalMs = parseAge('critical', critical)
  if (warning === undefined)
    return {warningMs: Math.min(parseZreplDuration(DEFAULT_WARNING), criticalMs), criticalMs}
  const warningMs = parseAge('warning', warning)
  if (warningMs <= criticalMs) return {warningMs, criticalMs}
  throw new OperationalError(
    'usage',
    `--warning ${quoted(warning)} is later than --critical ${quoted(critical)}`,
    {hint: 'what is critical has been a warning before'},
  )
}

function parseAge(flag: string, text: string): number {
  const ageMs = readAge(flag, text)
  if (ageMs > 0) return ageMs
  throw new OperationalError('usage', `--${flag} ${quoted(text)}: an age is more than 0`)
}

function readAge(flag: string, text: string): number {
  try {
    return parseZreplDuration(text)
  } catch (error) {
    throw new OperationalError(
      'usage',
      `--${flag} ${quoted(text)}: ${error instanceof Error ? error.message : error}`,
    )
  }
}
