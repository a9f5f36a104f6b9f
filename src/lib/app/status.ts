import {OperationalError} from '../core/errors.ts'
import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {quoted} from '../core/printable.ts'
import {parseZreplDuration} from '../core/units.ts'
import {createClock} from '../host/clock.ts'
import {checkFreshness, type Freshness} from '../report/check-freshness.ts'
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
  const statuses = statusesAskedFor(request, request.printError)
  if (request.json) for (const status of statuses) request.print(`${JSON.stringify(status)}\n`)
  else
    request.print(
      linesOf(statuses, terminalAt(1))
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
    const statuses = statusesAskedFor({...request, printError}, printError)
    printError = () => {}
    const terminal = terminalAt(1)
    picture.show(linesOf(statuses, terminal), terminal)
    if (request.until === 'all-ended' && statuses.every(({running}) => running === undefined)) return EXIT.ok
    await clock.sleep(WATCH_EVERY_MS, never)
  }
}

const WATCH_EVERY_MS = 1000

/** The last row is for the cursor. */
function linesOf(statuses: readonly JobStatus[], terminal: Terminal | undefined): readonly string[] {
  const {columns, rows, color = false} = terminal ?? {}
  return renderStatus(statuses, Date.now(), {columns, color, rows: rows === undefined ? undefined : rows - 1})
}

/**
 * Prints a verdict for a monitoring system, and returns its status 0 to 3. What keeps it from judging, like a mistake in
 * the configuration, is `unknown` (3).
 */
export function printFreshness(
  request: StatusRequest & {readonly warning: string; readonly critical: string},
): Freshness['status'] {
  try {
    const limits = {
      warningMs: parseAge('warning', request.warning),
      criticalMs: parseAge('critical', request.critical),
    }
    const {status, text} = checkFreshness(statusesAskedFor(request), limits, Date.now())
    request.print(text)
    return status
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    request.print(`ZREPL UNKNOWN - ${renderThrown(error)}\n`)
    return 3
  }
}

function statusesAskedFor(
  {config: path, jobs: names, printError}: StatusRequest,
  warn?: (text: string) => void,
): readonly JobStatus[] {
  const config = readConfig(path, printError)
  return statusesOf(names.length === 0 ? config.jobs : names.map((name) => jobNamed(config, name)), {warn})
}

function parseAge(flag: string, text: string): number {
  try {
    return parseZreplDuration(text)
  } catch (error) {
    throw new OperationalError(
      'usage',
      `--${flag} ${quoted(text)}: ${error instanceof Error ? error.message : error}`,
    )
  }
}
