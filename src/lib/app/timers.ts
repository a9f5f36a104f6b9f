import {dirname, resolve} from 'node:path'
import type {Job} from '../config/job.ts'
import type {LoadedConfig} from '../config/load.ts'
import {unreachable} from '../core/assert.ts'
import {OperationalError} from '../core/errors.ts'
import {EXIT, type ExitStatus, exitStatusOfThrown} from '../core/exit-code.ts'
import {renderThrown} from '../report/describe-error.ts'
import {snapshotInterval} from '../timers/snapshot-interval.ts'
import {cronLines, type Installation, type TimedJob, unitFiles} from '../timers/timer.ts'
import {jobNamed, readConfig} from './config-file.ts'
import type {Output} from './output.ts'
import {requirePeer} from './require-peer.ts'

/**
 * Prints what to install so that `jobs` (all, if none is named) are started by themselves: units of systemd, each behind a
 * comment with its path, or lines for cron. Installs nothing. A job that nothing need start, or that cannot be run, is left
 * out and told of: the exit status is that of its run, if it was named. Throws `config` and `usage`.
 */
export function printTimers(
  request: Output & {
    readonly config: string | undefined
    readonly jobs: readonly string[]
    readonly form: 'systemd' | 'cron'
  },
): ExitStatus {
  const config = readConfig(request.config, request.printError)
  const jobs = request.jobs.length === 0 ? config.jobs : request.jobs.map((name) => jobNamed(config, name))
  const installation: Installation = {
    executable: resolve(process.execPath),
    config: config.path,
    writes: writtenDirectories(config),
  }
  let status: ExitStatus = EXIT.ok
  for (const job of jobs) {
    const timed = timedJob(job)
    const problem = problemOf(config, job)
    if (timed === undefined) request.printError(`zrepl: job ${job.name} is a sink: ${starterOf(job)}\n`)
    else if (problem !== undefined) {
      request.printError(`zrepl: job ${job.name} is left out, it cannot be run: ${renderThrown(problem)}\n`)
      if (request.jobs.length > 0) status = exitStatusOfThrown(problem)
    } else request.print(request.form === 'cron' ? crontab(timed, installation) : units(timed, installation))
  }
  return status
}

function problemOf(config: LoadedConfig, job: Job): OperationalError | undefined {
  try {
    requirePeer(config.jobs, job)
    return undefined
  } catch (problem) {
    if (problem instanceof OperationalError) return problem
    throw problem
  }
}

function starterOf(job: Job): string {
  switch ('serve' in job ? job.serve.type : undefined) {
    case 'local':
      return 'the jobs that connect to it start it, not a timer'
    case 'needs-daemon':
      return 'its transport needs a daemon, so nothing starts it; use stdinserver'
    default:
      return 'sshd starts it, not a timer'
  }
}

/** Where the configuration has runs write to: metrics, and logs. */
function writtenDirectories({logging, monitoring}: LoadedConfig): readonly string[] {
  const files = [
    ...logging.flatMap((outlet) => (outlet.type === 'file' ? [outlet.path] : [])),
    ...(monitoring.textfile === undefined ? [] : [monitoring.textfile]),
  ]
  return [...new Set(files.map((file) => dirname(file)))]
}

function crontab(job: TimedJob, installation: Installation): string {
  return cronLines(job, installation)
    .map((line) => `${line}\n`)
    .join('')
}

function units(job: TimedJob, installation: Installation): string {
  return unitFiles(job, installation)
    .map(({path, text}) => `# ${path}\n${text}\n`)
    .join('')
}

function timedJob(job: Job): TimedJob | undefined {
  switch (job.type) {
    case 'sink':
      return undefined
    case 'pull':
      return {name: job.name, type: job.type, intervalMs: job.intervalMs}
    case 'push':
    case 'source':
    case 'snap':
      return {name: job.name, type: job.type, intervalMs: snapshotInterval(job.snapshotting)}
    default:
      return unreachable(job)
  }
}
