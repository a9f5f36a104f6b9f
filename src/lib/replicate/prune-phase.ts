import {type RunContext, withSpan} from '../core/context.ts'
import {OperationalError, Stopped} from '../core/errors.ts'
import {formatDuration} from '../core/units.ts'
import {waitForAll} from '../core/wait-for-all.ts'
import {entered, wentWrong} from '../progress/run-state.ts'
import {
  type FilesystemJudgement,
  judgeAlone,
  judgeReceiver,
  judgeSender,
  losesAny,
} from '../prune/judge-side.ts'
import {exceedsLimit} from '../prune/limit.ts'
import {reportedError} from '../report/describe-error.ts'
import type {PruneReport, ReplicateReport} from '../report/report.ts'
import type {DatasetName} from '../zfs/name.ts'
import {type DestroyOutcomes, destroyDoomed, destroyRequests} from './destroy-doomed.ts'
import type {JobWork, PruneWork} from './job-work.ts'
import type {Look, Seen} from './look.ts'
import {pruneQuestion} from './prune-question.ts'
import {missingFilesystem, plannedFilesystem, prunedFilesystem} from './prune-report.ts'
import type {RunRequest} from './run-job.ts'
import {runningSteps} from './running-plan.ts'

export type PrunePhaseOutcome = {readonly pruneSender?: PruneReport; readonly pruneReceiver?: PruneReport}

type PruneRequest = Pick<RunRequest, 'dryRun' | 'yesLargePrune'>

/**
 * Destroys what no rule keeps and nothing protects, on the sender and then on the receiver; in a dry run only tells.
 * Works with what can be seen: without the receiver, the sender loses only what the cursor proves to be replicated.
 */
export async function prunePhase(
  ctx: RunContext,
  work: Pick<JobWork, 'sender' | 'receiver' | 'replicate' | 'prune' | 'beside' | 'watchdog'>,
  look: {readonly sender: Look | undefined; readonly receiver: Look | undefined},
  replicated: ReplicateReport | undefined,
  request: PruneRequest,
): Promise<PrunePhaseOutcome> {
  if (work.prune === undefined || work.sender === undefined || look.sender === undefined) return {}
  const sides = {...work, prune: work.prune, sender: work.sender}
  const judged = await judgeListed({sender: look.sender, receiver: look.receiver}, (seen) =>
    judgeSeen(ctx, sides, seen, replicated, request),
  )
  return 'sender' in judged ? await destroyOnBoth(ctx, sides, judged, request) : judged
}

type Sides = Pick<JobWork, 'receiver' | 'replicate' | 'beside' | 'watchdog'> & {
  readonly sender: NonNullable<JobWork['sender']>
  readonly prune: PruneWork
}

type SeenSides = readonly [sender: Seen, receiver: Seen | undefined]

/** What is to become of the snapshots of each side. */
type Judged = {
  readonly sender: readonly FilesystemJudgement[]
  /** What the sender's job names and does not have. */
  readonly missing: readonly DatasetName[]
  /** Absent where nothing is replicated. */
  readonly receiver?: readonly FilesystemJudgement[] | {readonly error: OperationalError}
}

function judgeSeen(
  ctx: RunContext,
  {receiver: target, replicate, prune, beside}: Sides,
  [sender, receiver]: SeenSides,
  replicated: ReplicateReport | undefined,
  {yesLargePrune}: PruneRequest,
): Judged | PrunePhaseOutcome {
  const wrongClock = clockProblem([sender, receiver])
  if ('error' in sender || wrongClock !== undefined) {
    const failed = {filesystems: [], error: reportedError('error' in sender ? sender.error : wrongClock)}
    return {pruneSender: failed, ...(receiver === undefined ? {} : {pruneReceiver: failed})}
  }
  const how = {running: runningSteps(beside), agreed: yesLargePrune, nowMs: ctx.clock.now()}
  const {keepReceiver} = prune
  const {missing} = sender.view
  if (target === undefined || receiver === undefined || replicate === undefined || keepReceiver === undefined)
    return {sender: judgeAlone(sender.view, {rules: prune.keepSender, ...how}), missing}

  const question = pruneQuestion(replicate, prune, sender.view, receiver, replicated, how)
  return {
    sender: judgeSender(question),
    missing,
    receiver: 'error' in receiver ? receiver : judgeReceiver({...question, rules: keepReceiver}),
  }
}

/**
 * Judges what is seen; where anything of a filesystem would be destroyed although one side only remembers which snapshots it
 * has there, again when it has listed them. What goes on one side depends on what the other has.
 *
 * The sender is asked whether filesystems are gone only if they would lose anything.
 */
async function judgeListed(
  look: {readonly sender: Look; readonly receiver: Look | undefined},
  judge: (seen: SeenSides) => Judged | PrunePhaseOutcome,
): Promise<Judged | PrunePhaseOutcome> {
  /** Who tells the same of them once more will always do so. */
  const asked = new Set<DatasetName>()
  const perhapsGone = new Set<DatasetName>()
  let seen: SeenSides = await waitForAll([look.sender.see(), look.receiver?.see()] as const)
  for (;;) {
    const judged = judge(seen)
    const doomed = condemnedBy(judged).filter((filesystem) => !asked.has(filesystem))
    const open = notKnownToBeGone(judged).filter((filesystem) => !perhapsGone.has(filesystem))
    const [ours, theirs] = [remembered(seen[0], doomed), remembered(seen[1], doomed)]
    if (ours.length + theirs.length + open.length === 0) return judged
    for (const filesystem of [...ours, ...theirs]) asked.add(filesystem)
    for (const filesystem of open) perhapsGone.add(filesystem)
    seen = await waitForAll([
      // What it has said of those that may be gone it has to say again.
      ours.length + open.length > 0 ? look.sender.confirm([...ours, ...perhapsGone]) : seen[0],
      theirs.length > 0 ? look.receiver?.confirm(theirs) : seen[1],
    ] as const)
  }
}

/** The filesystems that would lose a snapshot on either side. */
function condemnedBy(judged: Judged | PrunePhaseOutcome): readonly DatasetName[] {
  if (!('sender' in judged)) return []
  const {sender, receiver = []} = judged
  return [...sender, ...('error' in receiver ? [] : receiver)]
    .filter(losesAny)
    .map(({filesystem}) => filesystem)
}

/** Those of the receiver that the sender does not show, and would be pruned if it said that they are gone. */
function notKnownToBeGone(judged: Judged | PrunePhaseOutcome): readonly DatasetName[] {
  if (!('sender' in judged) || judged.receiver === undefined || 'error' in judged.receiver) return []
  return judged.receiver
    .filter((judgement) => judgement.kind === 'skip' && judgement.because === 'not-known-to-be-gone')
    .map(({filesystem}) => filesystem)
}

/** Those of which this side has not listed what it tells of them. */
function remembered(seen: Seen | undefined, filesystems: readonly DatasetName[]): readonly DatasetName[] {
  if (seen === undefined || 'error' in seen) return []
  const wanted = new Set(filesystems)
  return seen.view.filesystems
    .filter(({filesystem, remembered}) => remembered === true && wanted.has(filesystem))
    .map(({filesystem}) => filesystem)
}

async function destroyOnBoth(
  ctx: RunContext,
  work: Sides,
  {sender, missing, receiver}: Judged,
  request: PruneRequest,
): Promise<PrunePhaseOutcome> {
  const {prune} = work
  const ofSender = {side: 'sender' as const, endpoint: work.sender, ...work}
  const pruned = await pruneSide(ctx, ofSender, prune, sender, request)
  const pruneSender = {
    ...pruned,
    filesystems: [...missing.map(missingFilesystem), ...pruned.filesystems],
  }
  if (receiver === undefined || work.receiver === undefined) return {pruneSender}
  if ('error' in receiver)
    return {pruneSender, pruneReceiver: {filesystems: [], error: reportedError(receiver.error)}}
  const ofReceiver = {side: 'receiver' as const, endpoint: work.receiver, ...work}
  return {pruneSender, pruneReceiver: await pruneSide(ctx, ofReceiver, prune, receiver, request)}
}

type Side = {
  readonly side: 'sender' | 'receiver'
  readonly endpoint: NonNullable<JobWork['sender'] | JobWork['receiver']>
} & Pick<JobWork, 'beside' | 'watchdog'>

async function pruneSide(
  ctx: RunContext,
  {side, endpoint, beside, watchdog}: Side,
  {policy}: PruneWork,
  judgements: readonly FilesystemJudgement[],
  {dryRun, yesLargePrune}: PruneRequest,
): Promise<PruneReport> {
  watchdog.board.change(entered(`prune-${side}`))
  const tooMuch = yesLargePrune ? undefined : exceedsLimit(judgements, policy.limit)
  if (tooMuch !== undefined || dryRun) {
    const freed = await freedBytes(ctx, endpoint, judgements)
    const filesystems = judgements.map((judgement) =>
      plannedFilesystem(judgement, freed.get(judgement.filesystem)),
    )
    return tooMuch === undefined ? {filesystems} : {filesystems, error: reportedError(largePrune(tooMuch))}
  }
  const outcomes: DestroyOutcomes = new Map()
  try {
    await withSpan(ctx, `prune-${side}`, {}, (ctx) =>
      destroyDoomed(ctx, endpoint, destroyRequests(judgements), {
        running: () => runningSteps(beside),
        board: watchdog.board,
        outcomes,
      }),
    )
    return {filesystems: judgements.map((judgement) => prunedFilesystem(judgement, outcomes))}
  } catch (error) {
    if (!(error instanceof OperationalError || error instanceof Stopped)) throw error
    watchdog.board.change(wentWrong(error.message))
    const answered = judgements.filter(({filesystem}) => (outcomes.get(filesystem)?.size ?? 0) > 0)
    return {
      filesystems: answered.map((judgement) => prunedFilesystem(judgement, outcomes)),
      error: reportedError(error),
    }
  }
}

/** What would be free on each filesystem. It is told, and nothing depends on it: without an answer it is left out. */
async function freedBytes(
  ctx: RunContext,
  endpoint: Side['endpoint'],
  judgements: readonly FilesystemJudgement[],
): Promise<ReadonlyMap<DatasetName, bigint | undefined>> {
  const requests = destroyRequests(judgements)
  if (requests.length === 0) return new Map()
  try {
    const freed = await endpoint.estimateDestroy(ctx, requests)
    return new Map(requests.map(({filesystem}, index) => [filesystem, freed[index]]))
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    ctx.log.of('pruning').info('nobody tells what would be freed', {error: error.message})
    return new Map()
  }
}

function largePrune(facts: string): OperationalError {
  return new OperationalError('large-prune', `nothing is destroyed: ${facts}`, {
    hint: 'look at it with zrepl plan; if it is right, run once with --yes-large-prune or raise pruning.limit',
  })
}

/** Clocks this far apart are not two honest ones. What is kept by age, and dates in names, follow them. */
const FAR_OFF_MS = 24 * 3_600_000

function clockProblem(sides: readonly (Seen | undefined)[]): OperationalError | undefined {
  const aheadMs = sides
    .map((seen) => (seen !== undefined && 'view' in seen ? seen.clockAheadMs : 0))
    .find((aheadMs) => Math.abs(aheadMs) > FAR_OFF_MS)
  if (aheadMs === undefined) return undefined
  const words = `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'}`
  return new OperationalError('clock', `nothing is destroyed: the clock of the other side is ${words} ours`, {
    hint: 'set both clocks; look at the dates of the latest snapshots',
  })
}
