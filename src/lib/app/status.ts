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

type StatusRequest = Output & {
  readonly config: string | undefined
  readonly jobs: readonly string[]
}

/**
 * Prints what is known of jobs (all, if none is named) from the reports of their runs: for a person, or as one JSON object
 * a line. Throws `config`, `usage` and `host`.
 */
export function printStatus(request: StatusRequest & {readonly json: boolean}): ExitStatus {
  const now = Date.now()
  for (const status of statusesAskedFor(request, request.printError))
    request.print(request.json ? `${JSON.stringify(status)}\n` : renderStatus(status, now))
  return EXIT.ok
}

/** Prints the same again and again, each time instead of the last, until somebody stops it. */
export async function watchStatus(request: StatusRequest): Promise<never> {
  const clock = createClock()
  const never = new AbortController().signal
  for (;;) {
    const text = statusesAskedFor(request).map((status) => renderStatus(status, clock.now()))
    request.print(`${CLEAR_SCREEN}${text.join('')}`)
    await clock.sleep(WATCH_EVERY_MS, never)
  }
}

const WATCH_EVERY_MS = 1000
/** Home, and empty what is below (ECMA-48 CUP, ED). */
const CLEAR_SCREEN = '\u001b[H\u001b[J'

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
  return statusesOf(names.length === 0 ? config.jobs : names.map((name) => jobNamed(config, name)), warn)
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
