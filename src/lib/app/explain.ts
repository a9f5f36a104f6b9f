import type {Job} from '../config/job.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {quoted} from '../core/printable.ts'
import {heldByFloor} from '../endpoint/floor.ts'
import type {RetentionFloor} from '../plan/policy.ts'
import {runJob} from '../replicate/run-job.ts'
import type {ExplainedJob, Explanation} from '../report/explanation.ts'
import {renderExplanation} from '../report/render-explanation.ts'
import type {PruneReport} from '../report/report.ts'
import {createMapping} from '../scope/mapping.ts'
import {
  type DatasetName,
  datasetOf,
  NameError,
  parseSnapshotName,
  type SnapshotName,
  shortNameOf,
} from '../zfs/name.ts'
import {isSnapshot, type Snapshot} from '../zfs/version.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {type ConfigFile, readConfig} from './config-file.ts'
import {createZfs} from './endpoints.ts'
import {wireJob} from './job-work.ts'
import type {Output} from './output.ts'
import {createProcessContext} from './process-context.ts'
import type {RunnableJob} from './runnable-job.ts'
import {watchdogOf} from './watch-run.ts'

/**
 * Tells what keeps a snapshot of this host, and until when: its holds and clones, and what pruning each job that its
 * dataset belongs to would make of it now. Changes nothing. Throws `config`, `usage`, and `dataset-missing` when there is
 * no such snapshot.
 */
export async function explain(
  request: Output & {readonly config: string | undefined; readonly snapshot: string; readonly json: boolean},
): Promise<ExitStatus> {
  const name = parseSnapshotWord(request.snapshot)
  const config = readConfig(request.config, request.printError)
  const ctx = createProcessContext('explain')
  const explanation = await explanationOf(ctx, config, name)
  request.print(request.json ? `${JSON.stringify(explanation)}\n` : renderExplanation(explanation))
  return EXIT.ok
}

async function explanationOf(ctx: RunContext, config: ConfigFile, name: SnapshotName): Promise<Explanation> {
  const zfs = readOnly(createZfs({lockFd: undefined}))
  const dataset = datasetOf(name)
  const versions = await zfs.listVersions(ctx, [dataset])
  const snapshots = (versions.get(dataset) ?? []).filter(isSnapshot)
  const snapshot = snapshots.find((one) => one.name === shortNameOf(name))
  if (snapshot === undefined) throw new OperationalError('dataset-missing', `${quoted(name)} does not exist`)
  const holds = snapshot.userrefs === 0 ? [] : ((await zfs.holds(ctx, [name])).get(name) ?? [])
  const jobs: ExplainedJob[] = []
  for (const job of config.jobs) jobs.push(...(await explainJob(ctx, config, job, snapshots, snapshot)))
  return {
    version: 1,
    snapshot: name,
    guid: snapshot.guid,
    creation: new Date(snapshot.creation * 1000).toISOString(),
    holds: [...holds],
    ...(snapshot.clones === undefined ? {} : {clones: snapshot.clones}),
    jobs,
  }
}

async function explainJob(
  ctx: RunContext,
  config: ConfigFile,
  job: Job,
  snapshots: readonly Snapshot[],
  snapshot: Snapshot,
): Promise<readonly ExplainedJob[]> {
  const place = placeIn(job, snapshot.filesystem)
  if (place === undefined) return []
  const head = {job: job.name, type: job.type, side: place.side}
  if ('floor' in job) return [{...head, ...passiveVerdict(ctx, job.floor, snapshots, snapshot)}]
  return [{...head, ...(await activeVerdict(ctx, config, job, place, snapshot))}]
}

type Place = {readonly side: 'sender' | 'receiver'; readonly filesystem: DatasetName}

/** Where the dataset is in what the job is about, and what the job calls it. */
function placeIn(job: Job, dataset: DatasetName): Place | undefined {
  if ('filesystems' in job)
    return job.filesystems.accepts(dataset) ? {side: 'sender', filesystem: dataset} : undefined
  if (job.type === 'sink')
    return dataset.startsWith(`${job.rootFs}/`) ? {side: 'receiver', filesystem: dataset} : undefined
  const filesystem = createMapping(job.rootFs, undefined, job.pathMapping).toSender(dataset)
  return filesystem === undefined ? undefined : {side: 'receiver', filesystem}
}

type Judged = Pick<ExplainedJob, 'verdict' | 'because' | 'reasons'>

/** The rules are in the job of the client; here is what this side would refuse it. */
function passiveVerdict(
  ctx: RunContext,
  floor: RetentionFloor,
  snapshots: readonly Snapshot[],
  snapshot: Snapshot,
): Judged {
  const held = heldByFloor(snapshots, floor, ctx.clock.now()).get(snapshot.guid)
  if (held !== undefined) return {verdict: 'kept', because: `retention_floor: ${held}`, reasons: []}
  return {
    verdict: 'not-judged',
    because: "it is pruned by the job of the client, on the client's host; no retention_floor keeps it here",
    reasons: [],
  }
}

async function activeVerdict(
  ctx: RunContext,
  config: ConfigFile,
  job: RunnableJob,
  {side, filesystem}: Place,
  snapshot: Snapshot,
): Promise<Judged> {
  const outcome = await dryRun(ctx, config, job)
  const report = side === 'sender' ? outcome.pruneSender : outcome.pruneReceiver
  return verdictIn(report, filesystem, snapshot.name)
}

async function dryRun(ctx: RunContext, config: ConfigFile, job: RunnableJob) {
  const zfs = readOnly(createZfs({lockFd: undefined}))
  const {work, lanes} = wireJob(ctx, job, zfs, {
    configFile: config.path,
    lockFd: undefined,
    watchdog: watchdogOf(ctx, job),
  })
  try {
    const request = {
      phases: ['prune'],
      dryRun: true,
      sizes: false,
      wanted: 'due',
      yesLargePrune: false,
    } as const
    const outcome = await runJob(ctx, work, request)
    ctx.signal.throwIfAborted()
    return outcome
  } finally {
    await lanes?.close()
  }
}

function verdictIn(report: PruneReport | undefined, filesystem: DatasetName, name: string): Judged {
  const nothing = (because: string): Judged => ({verdict: 'not-judged', because, reasons: []})
  const found = report?.filesystems.find((one) => one.filesystem === filesystem)
  if (found === undefined) return nothing(report?.error?.message ?? 'the job did not see this dataset')
  if (found.state === 'skipped') return nothing(found.because ?? 'it was skipped')
  const snapshot = found.snapshots.find((one) => one.name === name)
  if (snapshot === undefined) return nothing('the job did not see this snapshot')
  const verdict = snapshot.state === 'doomed' ? 'doomed' : 'kept'
  return {verdict, because: snapshot.because, reasons: [...(snapshot.reasons ?? [])]}
}

function parseSnapshotWord(text: string): SnapshotName {
  try {
    return parseSnapshotName(text)
  } catch (error) {
    if (error instanceof NameError)
      throw new OperationalError('usage', error.message, {hint: 'name it as zfs list does: pool/data@name'})
    throw error
  }
}
