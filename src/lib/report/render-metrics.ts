import type {JobStatus} from './job-status.ts'

/**
 * The metrics of all jobs in the text format of Prometheus, for the textfile collector of node_exporter. Names that zrepl
 * has are zrepl's and mean the same; ours tell what a daemon's metrics would show by changing.
 */
export function renderMetrics(jobs: readonly JobStatus[]): string {
  return METRICS.flatMap(({name, help, samples}) => {
    const lines = jobs.flatMap((job) =>
      samples(job).map(
        ({labels = {}, value}) => `${name}{${labelText({zrepl_job: job.job, ...labels})}} ${value}`,
      ),
    )
    return lines.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines]
  })
    .map((line) => `${line}\n`)
    .join('')
}

type Sample = {readonly labels?: Readonly<Record<string, string>>; readonly value: number}

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
    samples: ({last}) =>
      (last?.replicate?.filesystems ?? []).flatMap(({filesystem, latest}) =>
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
