import type {JobStatus} from './job-status.ts'

/**
 * The metrics of all jobs in the text format of Prometheus, for the textfile collector of node_exporter. Names that zrepl
 * has are zrepl's and mean the same; ours tell what a daemon's metrics would show by changing. `version` is of zrepl.
 */
export function renderMetrics(jobs: readonly JobStatus[], version: Version): string {
  const perJob = METRICS.map((metric) => ({
    ...metric,
    samples: jobs.flatMap((job): readonly Sample[] =>
      metric.samples(job).map(({labels, value}) => ({labels: {zrepl_job: job.job, ...labels}, value})),
    ),
  }))
  return [startTime(jobs, version), ...perJob]
    .filter(({samples}) => samples.length > 0)
    .flatMap(({name, help, samples}) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      ...samples.map(({labels = {}, value}) => `${name}{${labelText(labels)}} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join('')
}

/** `raw`: `1.2.3`; `line`: all that `zrepl version` says. */
export type Version = {readonly raw: string; readonly line: string}

type Sample = {readonly labels?: Readonly<Record<string, string>>; readonly value: number}

function startTime(jobs: readonly JobStatus[], {raw, line}: Version) {
  const starts = jobs.flatMap(({last}) => (last === undefined ? [] : [seconds(last.startedAt)]))
  const samples: readonly Sample[] =
    starts.length === 0 ? [] : [{labels: {raw, version_info: line}, value: Math.max(...starts)}]
  return {
    name: 'zrepl_start_time',
    help: 'When the newest run of any job began, seconds since 1970, and the version of zrepl.',
    samples,
  }
}

type Metric = {
  readonly name: string
  readonly help: string
  readonly samples: (job: JobStatus) => readonly Sample[]
}

const METRICS: readonly Metric[] = [
  {
    name: 'zrepl_replication_last_successful',
    help: 'When the job last succeeded, seconds since 1970.',
    samples: ({lastSuccess}) => (lastSuccess === undefined ? [] : [{value: seconds(lastSuccess.finishedAt)}]),
  },
  {
    name: 'zrepl_replication_filesystem_errors',
    help: 'Filesystems that failed or are in conflict; -1 when replication failed as a whole.',
    samples: ({last}) => (last?.replicate === undefined ? [] : [{value: errorsOf(last.replicate)}]),
  },
  {
    name: 'zrepl_run_start_time',
    help: 'When the last run began, seconds since 1970.',
    samples: ({last}) => (last === undefined ? [] : [{value: seconds(last.startedAt)}]),
  },
  {
    name: 'zrepl_run_duration_seconds',
    help: 'How long the last run took.',
    samples: ({last}) =>
      last === undefined ? [] : [{value: seconds(last.finishedAt) - seconds(last.startedAt)}],
  },
  {
    name: 'zrepl_run_exit_status',
    help: 'How the last run ended (docs/exit-codes.md).',
    samples: ({last}) => (last === undefined ? [] : [{value: last.exitStatus}]),
  },
  {
    name: 'zrepl_replication_latest_snapshot_time',
    help: 'When the newest snapshot that the receiver has was taken, seconds since 1970.',
    samples: ({seen}) =>
      (seen?.filesystems ?? []).flatMap(({filesystem, latest}) =>
        latest === undefined ? [] : [{labels: {filesystem}, value: seconds(latest.createdAt)}],
      ),
  },
  {
    name: 'zrepl_prune_destroyed_snapshots',
    help: 'Snapshots that the last run destroyed.',
    samples: ({last}) =>
      (['sender', 'receiver'] as const).flatMap((side) => {
        const report = side === 'sender' ? last?.pruneSender : last?.pruneReceiver
        if (report === undefined) return []
        const destroyed = report.filesystems.flatMap(({snapshots}) =>
          snapshots.filter(({state}) => state === 'destroyed'),
        )
        return [{labels: {prune_side: side}, value: destroyed.length}]
      }),
  },
]

function errorsOf({error, filesystems}: NonNullable<NonNullable<JobStatus['last']>['replicate']>): number {
  if (error !== undefined) return -1
  return filesystems.filter(({state}) => state === 'failed' || state === 'conflict').length
}

function seconds(at: string): number {
  return Date.parse(at) / 1000
}

/** Names may have anything in them; quotes, backslashes and line ends are escaped as the format wants it. */
function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => {
      const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
      return `${name}="${escaped}"`
    })
    .join(',')
}
