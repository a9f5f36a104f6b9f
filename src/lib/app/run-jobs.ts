import {isatty} from 'node:tty'
import {type RunContext, withFields} from '../core/context.ts'
import {OperationalError, Stopped} from '../core/errors.ts'
import {EXIT, EXIT_MEANING, type ExitStatus} from '../core/exit-code.ts'
import {prepareNamedFile} from '../host/named-file.ts'
import {createServiceManager} from '../host/service-manager.ts'
import {writeFileAtomically} from '../host/write-file-atomically.ts'
import {writeText} from '../host/write-text.ts'
import {zfsModuleVersion} from '../host/zfs-module-version.ts'
import type {WantedSnapshots} from '../plan/due.ts'
import type {Phase} from '../replicate/phase.ts'
import {type JobOutcome, runJob} from '../replicate/run-job.ts'
import {renderThrown, reportedError} from '../report/describe-error.ts'
import {statusOf, worstStatus} from '../report/exit-status.ts'
import {isLeftToAnother} from '../report/is-worth-telling.ts'
import type {Version} from '../report/render-metrics.ts'
import {renderProblems, renderText} from '../report/render-text.ts'
import type {RunReport} from '../report/report.ts'
import {renderRetentionPage} from '../report/retention/page.ts'
import {randomSpanId} from '../trace/span.ts'
import {createSpanRecorder} from '../trace/span-recorder.ts'
import {rawStreamRisk} from '../zfs/raw-stream-risk.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {type ConfigFile, jobNamed, readConfig} from './config-file.ts'
import {openZfs} from './endpoints.ts'
import {holdBack} from './held-back.ts'
import {createJobPlace} from './job-place.ts'
import {wireJob} from './job-work.ts'
import {lastReport, rememberRun} from './kept-reports.ts'
import {createNotifier} from './notifier.ts'
import {openOutlets} from './outlets.ts'
import {ownEnvironment} from './own-environment.ts'
import {createProcessContext} from './process-context.ts'
import {createProgressLine, type ProgressLine} from './progress-line.ts'
import {requirePeer} from './require-peer.ts'
import {type RunnableJob, runnableJob} from './runnable-job.ts'
import {takeJob} from './take-job.ts'
import {terminalAt} from './terminal.ts'
import {inRunSpan, writeTraceTo} from './trace-of-run.ts'
import {watchdogOf, watchRun} from './watch-run.ts'

export type RunJobsRequest = {
  readonly jobs: readonly string[]
  readonly config: string | undefined
  readonly phases: readonly Phase[]
  readonly dryRun: boolean
  /** Only those that are due, unless it says something else. */
  readonly wanted?: WantedSnapshots | undefined
  /** Destroy more in one go than `pruning.limit` allows. */
  readonly yesLargePrune?: boolean | undefined
  /** Where to write a page that shows what a dry run would keep and destroy. */
  readonly html?: string | undefined
  /** Where to write a Chrome trace of all jobs. */
  readonly trace: string | undefined
  /** Of this program, for metrics. */
  readonly version: Version
  /** Keep a trace of each job beside its report, whatever the configuration says. */
  readonly keepTrace: boolean
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
}

/**
 * Runs jobs one after the other and tells of each. Returns the worst exit status.
 * Throws `config` and `usage` before anything is done.
 */
export async function runJobs(request: RunJobsRequest): Promise<ExitStatus> {
  const config = readConfig(request.config, request.printError)
  const jobs = request.jobs.map((name) => runnableJob(jobNamed(config, name), request.phases))
  const traceFile = prepared(request.trace ?? (process.env['ZREPL_ACTIVITY_TRACE'] || undefined))
  const page = prepared(request.html)
  const keepsTraces = !request.dryRun && (request.keepTrace || config.monitoring.trace)
  const recorder = traceFile === undefined && !keepsTraces ? undefined : createSpanRecorder()
  const hasOnlooker = terminalAt(2) !== undefined && !request.json && !request.quiet
  const onlooker = hasOnlooker ? createProgressLine() : undefined
  const onStderr = onlooker?.write ?? ((text: string) => writeText(2, text))
  const held = request.quiet ? holdBack(onStderr) : undefined
  const id = randomSpanId()
  const outlet = openOutlets(config.logging, {
    verbose: request.verbose,
    write: held?.write ?? onStderr,
    id,
  })
  const ctx = createProcessContext('run', outlet, {recorder, id})
  const trace = recorder && traceFile !== undefined ? writeTraceTo(ctx, recorder, traceFile) : undefined
  const notifier = createNotifier(request.dryRun ? [] : config.notify, ownEnvironment())
  const reports: RunReport[] = []
  const manager = createServiceManager(process.env)
  manager.ready('starts')
  try {
    for (const job of jobs) {
      manager.status(`job ${job.name} runs`)
      const startedAt = ctx.clock.now()
      const run = {job: job.name, startedAt, recorder: keepsTraces ? recorder : undefined}
      const report = await inRunSpan(withFields(ctx, {job: job.name}), run, async (ctx) => {
        const before = lastReport(job.name)
        const started = notifier.started(ctx, job.name)
        const done = await reportOf(ctx, job, config, {...request, onlooker, startedAt})
        const {textfile: metrics} = config.monitoring
        const remember = rememberRun(ctx, {jobs: config.jobs, metrics, version: request.version})
        // Before anybody is waited for: what was done is worth more than who has heard of it.
        remember(done)
        const notifyFailures = [...(await started), ...(await notifier.ended(ctx, done, before))]
        if (notifyFailures.length === 0) return done
        const told = {...done, notifyFailures}
        remember(told)
        return told
      })
      manager.status(`job ${job.name}: exit ${report.exitStatus}: ${EXIT_MEANING[report.exitStatus]}`)
      reports.push(report)
      if (report.exitStatus !== EXIT.ok && !isLeftToAnother(report)) held?.release()
      tell(report, request)
    }
  } finally {
    manager.stopping()
    ctx.span.end()
    await outlet.close()
    trace?.close()
  }
  if (page !== undefined) writeFileAtomically(page, renderRetentionPage(reports))
  return worstStatus(reports.map(({exitStatus}) => exitStatus))
}

function prepared(path: string | undefined): string | undefined {
  return path === undefined ? undefined : prepareNamedFile(path)
}

function tell(report: RunReport, request: RunJobsRequest): void {
  if (request.json) request.print(`${JSON.stringify(report)}\n`)
  else if (!request.quiet) request.print(renderText(report, {verbose: request.verbose}))
  if (request.quiet && isLeftToAnother(report)) return
  // On a terminal the report has just said it.
  if (request.json || request.quiet || !(isatty(1) && isatty(2))) request.printError(renderProblems(report))
}

type Begun = {readonly onlooker: ProgressLine | undefined; readonly startedAt: number}

/** Whatever happens to one job ends in its report, so that those behind it still have their turn. */
async function reportOf(
  ctx: RunContext,
  job: RunnableJob,
  config: ConfigFile,
  request: RunJobsRequest & Begun,
): Promise<RunReport> {
  const {startedAt} = request
  const done = await outcomeOf(ctx, job, config, request)
  const report = {
    version: 1 as const,
    job: job.name,
    type: job.type,
    dryRun: request.dryRun,
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: new Date(ctx.clock.now()).toISOString(),
    ...done,
    warnings: [...done.warnings],
  }
  return {...report, exitStatus: statusOf(report)}
}

type Done = JobOutcome & Pick<RunReport, 'error'>

async function outcomeOf(
  ctx: RunContext,
  job: RunnableJob,
  config: ConfigFile,
  request: RunJobsRequest & Begun,
): Promise<Done> {
  try {
    return await runLocked(ctx, job, config, request)
  } catch (thrown) {
    // A report has no room for where a bug is.
    if (!(thrown instanceof OperationalError || thrown instanceof Stopped))
      request.printError(`${renderThrown(thrown)}\n`)
    return {warnings: [], error: reportedError(thrown)}
  }
}

/** What this host's ZFS is known to do to streams that the job asks for. */
function risksOf(job: RunnableJob): readonly string[] {
  const sendsRaw = 'send' in job && (job.send.encrypted || job.send.raw)
  const version = sendsRaw ? zfsModuleVersion() : undefined
  const risk = version === undefined ? undefined : rawStreamRisk(version)
  return risk === undefined ? [] : [risk]
}

/** A dry run changes nothing, so it takes no lock and gets a ZFS that cannot. */
async function runLocked(
  ctx: RunContext,
  job: RunnableJob,
  config: ConfigFile,
  request: RunJobsRequest & Begun,
): Promise<JobOutcome> {
  const {dryRun, phases, wanted = 'due', yesLargePrune = false} = request
  requirePeer(config.jobs, job)
  const place = dryRun ? undefined : createJobPlace(job.name)
  const lock = place && (await takeJob(ctx, job, place))
  const watchdog = watchdogOf(ctx, job)
  const watch = place && watchRun(ctx, watchdog, place, request.onlooker)
  try {
    const lockFd = lock?.fd
    const {zfs, close} = openZfs({
      lockFd,
      access: config.zfsAccess,
      // A person who asks what would be done is told what is there.
      owner: dryRun ? undefined : job.name,
    })
    const {work, lanes} = wireJob(ctx, job, dryRun ? readOnly(zfs) : zfs, {
      configFile: config.path,
      lockFd,
      watchdog,
    })
    try {
      const sizes = request.onlooker !== undefined
      const done = await runJob(ctx, work, {phases, dryRun, sizes, wanted, yesLargePrune})
      return {...done, warnings: [...risksOf(job), ...done.warnings]}
    } finally {
      await lanes?.close()
      await close(ctx)
    }
  } finally {
    watch?.stop()
    lock?.release()
  }
}
