import {isNonEmpty} from '../core/assert.ts'
import {type RunContext, withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {DestroyReply, DestroyRequest} from '../endpoint/sender.ts'
import type {EndpointView} from '../endpoint/view.ts'
import {planReplication} from '../plan/job-plan.ts'
import {describeSkip, describeVerdict} from '../prune/describe-reason.ts'
import type {Verdict} from '../prune/judge.ts'
import {
  type FilesystemJudgement,
  judgeAlone,
  judgeReceiver,
  judgeSender,
  type PruneQuestion,
  type ReplicationState,
} from '../prune/judge-side.ts'
import {reportedError} from '../report/describe-error.ts'
import type {PrunedFilesystem, PrunedSnapshot, PruneReport, ReplicateReport} from '../report/report.ts'
import type {Outcome} from '../zfs/client.ts'
import type {DatasetName} from '../zfs/name.ts'
import type {JobWork, PruneWork, ReplicateWork} from './job-work.ts'
import type {Look, Seen} from './look.ts'

/** Most snapshots in one request to an endpoint; an endpoint batches within it. */
const MAX_PER_REQUEST = 10_000

type Endpoint = {
  destroySnapshots(ctx: RunContext, requests: readonly DestroyRequest[]): Promise<readonly DestroyReply[]>
}

export type PrunePhaseOutcome = {readonly pruneSender?: PruneReport; readonly pruneReceiver?: PruneReport}

/**
 * Destroys what no rule keeps and nothing protects, on the sender and then on the receiver; in a dry run only tells.
 * Works with what can be seen: without the receiver, the sender loses only what the cursor proves to be replicated.
 */
export async function prunePhase(
  ctx: RunContext,
  work: JobWork,
  look: {readonly sender: Look | undefined; readonly receiver: Look | undefined},
  replicated: ReplicateReport | undefined,
  {dryRun}: {readonly dryRun: boolean},
): Promise<PrunePhaseOutcome> {
  const [sender, receiver] = await Promise.all([look.sender?.see(), look.receiver?.see()])
  if (work.prune === undefined || work.sender === undefined || sender === undefined) return {}
  if ('error' in sender) {
    const error = reportedError(sender.error)
    return {
      pruneSender: {filesystems: [], error},
      ...(receiver === undefined ? {} : {pruneReceiver: {filesystems: [], error}}),
    }
  }

  if (
    work.receiver === undefined ||
    receiver === undefined ||
    work.replicate === undefined ||
    work.prune.keepReceiver === undefined
  ) {
    const judgements = judgeAlone(sender.view, work.prune.keepSender, ctx.clock.now())
    return {pruneSender: await pruneSide(ctx, 'sender', work.sender, judgements, dryRun)}
  }

  const question = questionOf(ctx, work.replicate, work.prune, sender.view, receiver, replicated)
  const pruneSender = await pruneSide(ctx, 'sender', work.sender, judgeSender(question), dryRun)
  if ('error' in receiver)
    return {pruneSender, pruneReceiver: {filesystems: [], error: reportedError(receiver.error)}}
  const judgements = judgeReceiver({...question, rules: work.prune.keepReceiver})
  return {pruneSender, pruneReceiver: await pruneSide(ctx, 'receiver', work.receiver, judgements, dryRun)}
}

/**
 * How each filesystem stands comes from a plan made on what is seen now, and from what this run has failed at: a
 * filesystem whose replication has just failed is not taken for one whose turn simply has not come.
 */
function questionOf(
  ctx: RunContext,
  replicate: ReplicateWork,
  prune: PruneWork,
  sender: EndpointView,
  receiver: Seen,
  replicated: ReplicateReport | undefined,
): PruneQuestion {
  const common = {rules: prune.keepSender, onConflict: 'keep' as const, nowMs: ctx.clock.now()}
  if ('error' in receiver) {
    const states = new Map(
      sender.filesystems.map(({filesystem}) => [filesystem, {standing: 'unreachable' as const, steps: []}]),
    )
    return {...common, sender, receiver: 'unknown', states}
  }
  const plan = planReplication({
    sender,
    receiver: receiver.view,
    policy: replicate.policy,
    send: replicate.send,
  })
  const failed = new Set(
    replicated?.filesystems.filter(({state}) => state === 'failed').map(({filesystem}) => filesystem),
  )
  const states = new Map<DatasetName, ReplicationState>()
  for (const filesystem of plan.filesystems) {
    const steps = filesystem.kind === 'steps' ? filesystem.steps : []
    const hasFailed = failed.has(filesystem.filesystem) || replicated?.error !== undefined
    states.set(filesystem.filesystem, {
      standing: hasFailed && filesystem.kind !== 'conflict' ? 'failed' : STANDING[filesystem.kind],
      steps,
    })
  }
  return {...common, sender, receiver: receiver.view, states}
}

const STANDING = {'up-to-date': 'done', steps: 'pending', conflict: 'conflict', skip: 'skipped'} as const

async function pruneSide(
  ctx: RunContext,
  side: 'sender' | 'receiver',
  endpoint: Endpoint,
  judgements: readonly FilesystemJudgement[],
  dryRun: boolean,
): Promise<PruneReport> {
  const requests = dryRun ? [] : judgements.flatMap(requestOf)
  try {
    const outcomes = await withSpan(ctx, `prune-${side}`, {}, (ctx) => destroy(ctx, endpoint, requests))
    return {filesystems: judgements.map((judgement) => filesystemReport(judgement, outcomes, dryRun))}
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return {filesystems: [], error: reportedError(error)}
  }
}

function requestOf(judgement: FilesystemJudgement): readonly DestroyRequest[] {
  if (judgement.kind === 'skip') return []
  const snapshots = judgement.verdicts.flatMap(({kind, snapshot}) => (kind === 'destroy' ? [snapshot] : []))
  return isNonEmpty(snapshots)
    ? [{filesystem: judgement.filesystem, snapshots: snapshots.map(({name, guid}) => ({name, guid}))}]
    : []
}

type Outcomes = ReadonlyMap<DatasetName, ReadonlyMap<string, Outcome>>

async function destroy(
  ctx: RunContext,
  endpoint: Endpoint,
  requests: readonly DestroyRequest[],
): Promise<Outcomes> {
  const outcomes = new Map<DatasetName, Map<string, Outcome>>()
  for (const chunk of chunks(requests)) {
    const replies = await endpoint.destroySnapshots(ctx, chunk)
    for (const [index, {filesystem, snapshots}] of chunk.entries()) {
      const byName = outcomes.get(filesystem) ?? new Map<string, Outcome>()
      for (const [position, {name}] of snapshots.entries()) {
        const outcome = replies[index]?.outcomes[position]
        if (outcome !== undefined) byName.set(name, outcome)
        if (outcome?.kind === 'done') ctx.log.info('snapshot destroyed', {filesystem, snapshot: name})
      }
      outcomes.set(filesystem, byName)
    }
  }
  return outcomes
}

/** Requests in pieces of at most `MAX_PER_REQUEST` snapshots; a filesystem with more is asked about several times. */
function chunks(requests: readonly DestroyRequest[]): readonly (readonly DestroyRequest[])[] {
  const pieces = requests.flatMap(({filesystem, snapshots}) =>
    Array.from({length: Math.ceil(snapshots.length / MAX_PER_REQUEST)}, (_, index) => ({
      filesystem,
      snapshots: snapshots.slice(index * MAX_PER_REQUEST, (index + 1) * MAX_PER_REQUEST),
    })),
  )
  const chunks: DestroyRequest[][] = []
  let room = 0
  for (const piece of pieces) {
    if (piece.snapshots.length > room) {
      chunks.push([])
      room = MAX_PER_REQUEST
    }
    chunks.at(-1)?.push(piece)
    room -= piece.snapshots.length
  }
  return chunks
}

function filesystemReport(
  judgement: FilesystemJudgement,
  outcomes: Outcomes,
  dryRun: boolean,
): PrunedFilesystem {
  const {filesystem} = judgement
  if (judgement.kind === 'skip')
    return {filesystem, state: 'skipped', because: describeSkip(judgement.because), snapshots: []}
  const byName = outcomes.get(filesystem)
  const snapshots = judgement.verdicts.map((verdict) =>
    snapshotReport(verdict, byName?.get(verdict.snapshot.name), dryRun),
  )
  const failed = snapshots.some(({state}) => state === 'failed')
  return {filesystem, state: failed ? 'failed' : dryRun ? 'planned' : 'done', snapshots}
}

function snapshotReport(verdict: Verdict, outcome: Outcome | undefined, dryRun: boolean): PrunedSnapshot {
  const {name} = verdict.snapshot
  const because = describeVerdict(verdict)
  if (verdict.kind === 'keep') return {name, state: 'kept', because}
  if (dryRun) return {name, state: 'doomed', because}
  if (outcome?.kind === 'done') return {name, state: 'destroyed', because}
  const message = outcome?.failure.message ?? 'no answer'
  // Somebody held or cloned it since it was listed: it stays, and that is no failure.
  if (outcome !== undefined && STAYS.has(outcome.failure.kind))
    return {name, state: 'kept', because: `kept: ${message}`}
  return {name, state: 'failed', because, error: message}
}

const STAYS: ReadonlySet<string> = new Set(['held', 'busy', 'cloned'])
