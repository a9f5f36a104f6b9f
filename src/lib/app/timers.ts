import {dirname, resolve} from 'node:path'
import type {Job} from '../config/job.ts'
import type {LoadedConfig} from '../config/load.ts'
import {unreachable} from '../core/assert.ts'
import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {snapshotInterval} from '../timers/snapshot-interval.ts'
import {cronLine, type Installation, type TimedJob, unitFiles} from '../timers/timer.ts'
import {jobNamed, readConfig} from './config-file.ts'
import type {Output} from './output.ts'

/**
 * Prints what to install so that `jobs` (all, if none is named) are started by themselves: units of systemd, each behind a
 * comment with its path, or lines for cron. Installs nothing. Throws `config` and `usage`.
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
  for (const job of jobs) {
    const timed = timedJob(job)
    if (timed === undefined)
      request.printError(`zrepl: job ${job.name} is a sink: sshd starts it, not a timer\n`)
    else
      request.print(
        request.form === 'cron' ? `${cronLine(timed, installation)}\n` : units(timed, installation),
      )
  }
  return EXIT.ok
}

/** Where the configuration has runs write to: metrics, and logs. */
function writtenDirectories({logging, monitoring}: LoadedConfig): readonly string[] {
  const files = [
    ...logging.flatMap((outlet) => (outlet.type === 'file' ? [outlet.path] : [])),
    ...(monitoring.textfile === undefined ? [] : [monitoring.textfile]),
  ]
  return [...new Set(files.map((file) => dirname(file)))]
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
