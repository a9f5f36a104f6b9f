import {readAsideName} from '../abstraction/aside-name.ts'
import type {JobId} from '../abstraction/job-id.ts'
import {lastReceivedHoldTag} from '../abstraction/last-received-hold.ts'
import type {NonEmpty} from '../core/assert.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'
import type {Snapshot} from '../zfs/version.ts'
import {dateMs} from './by-date.ts'
import type {Candidate} from './candidate.ts'
import {candidatesAlone, candidatesGone, candidatesOnReceiver, candidatesOnSender} from './candidates.ts'
import {findClockJump} from './clock-jump.ts'
import {type History, type PruneSide, snapshotsOf} from './history.ts'
import {judge, type ProtectedGuids, type Verdict} from './judge.ts'
import type {KeepRule} from './keep-rule.ts'
import {mayPrune, type OnConflict, type Standing} from './may-prune.ts'
import {
  protectAlone,
  protectGone,
  protectOnReceiver,
  protectOnSender,
  type RunningStep,
  type SenderSituation,
  type StepEnds,
  withRunning,
} from './protect.ts'

/** What pruning makes of one filesystem on one side. */
export type FilesystemJudgement =
  | {readonly kind: 'skip'; readonly filesystem: DatasetName; readonly because: SkipReason}
  | {
      readonly kind: 'judged'
      readonly filesystem: DatasetName
      readonly candidates: readonly Candidate[]
      /** One of each candidate. */
      readonly verdicts: readonly Verdict[]
    }

export type SkipReason =
  | 'placeholder'
  | 'not-on-sender'
  /** It would be pruned if the sender said that it has no dataset of that name. */
  | 'not-known-to-be-gone'
  /** Its latest snapshots are dated so much later than the others that it needs a person: see `findClockJump`. */
  | 'clock-jump'
  | 'conflict'
  | 'replication-skipped'
  | 'replication-failed'

/** How replication left one filesystem, and the steps of its plan that were not completed. */
export type ReplicationState = {readonly standing: Standing; readonly steps: readonly StepEnds[]}

/** What every snapshot is judged with. */
export type Judging = {
  readonly rules: NonEmpty<KeepRule>
  /** What replications need that run beside this. */
  readonly running: ReadonlyMap<Guid, RunningStep>
  /** A person has agreed to what looks like a wrong clock. */
  readonly agreed: boolean
  readonly nowMs: number
}

/** Both sides as observed after replication, and what is wanted. */
export type PruneQuestion = Judging & {
  readonly sender: PruneSide
  readonly receiver: PruneSide | 'unknown'
  /** A filesystem without an entry counts as failed: nobody knows how it stands. */
  readonly states: ReadonlyMap<DatasetName, ReplicationState>
  readonly onConflict: OnConflict
  /** Whether replication would ever send it: the job's `replication.snapshots`. */
  readonly isSelected: (snapshot: Snapshot) => boolean
  /** Of filesystems that only the receiver has; `undefined`: they are left alone. */
  readonly goneAfterMs: number | undefined
}

const UNKNOWN_STATE: ReplicationState = {standing: 'failed', steps: []}

/** Judges the sender's snapshots of every filesystem. */
export function judgeSender(question: PruneQuestion): readonly FilesystemJudgement[] {
  const {sender, receiver, states, onConflict, isSelected} = question
  const theirs = receiver === 'unknown' ? 'unknown' : byFilesystem(receiver)
  return sender.filesystems.map((history): FilesystemJudgement => {
    const {filesystem} = history
    const {standing, steps} = states.get(filesystem) ?? UNKNOWN_STATE
    const {sender: scope} = mayPrune(standing, onConflict)
    if (history.placeholder) return {kind: 'skip', filesystem, because: 'placeholder'}
    if (scope === 'nothing') return {kind: 'skip', filesystem, because: skipReason(standing)}

    const other: SenderSituation['receiver'] =
      theirs === 'unknown' ? 'unknown' : (theirs.get(filesystem) ?? 'absent')
    const candidates = candidatesOnSender(history, sender.jobId, other, isSelected)
    const situation = {jobId: sender.jobId, sender: history, receiver: other, steps, onConflict, scope}
    return judgeHistory(history, candidates, protectOnSender(situation), question)
  })
}

/**
 * Judges the receiver's snapshots of the filesystems that the sender shows as well; of the others, only those that are gone
 * for long. Which these are the sender has to say: where it matters and it has not, they are `not-known-to-be-gone`.
 */
export function judgeReceiver(question: PruneQuestion): readonly FilesystemJudgement[] {
  const {sender, receiver, states, onConflict} = question
  if (receiver === 'unknown') return []
  const ours = byFilesystem(sender)
  const absent = new Set(sender.absent)
  return receiver.filesystems.map((history): FilesystemJudgement => {
    const {filesystem} = history
    const {standing, steps} = states.get(filesystem) ?? UNKNOWN_STATE
    const other = ours.get(filesystem)
    if (history.placeholder) return {kind: 'skip', filesystem, because: 'placeholder'}
    if (other === undefined) {
      // A sender that shows nothing at all has more likely lost a pool than all its filesystems.
      if (ours.size === 0 || !mayBeGone(history, receiver.jobId, question))
        return {kind: 'skip', filesystem, because: 'not-on-sender'}
      const judgement = judgeHistory(history, candidatesGone(history), protectGone(history), question)
      if (absent.has(filesystem)) return judgement
      return {
        kind: 'skip',
        filesystem,
        because: losesAny(judgement) ? 'not-known-to-be-gone' : 'not-on-sender',
      }
    }
    if (mayPrune(standing, onConflict).receiver !== 'all') {
      return {kind: 'skip', filesystem, because: skipReason(standing)}
    }
    const kept = protectOnReceiver(sender.jobId, other, history, steps)
    return judgeHistory(history, candidatesOnReceiver(history, other), kept, question)
  })
}

/** Judges the snapshots of a job that does not replicate (a snap job). */
export function judgeAlone(side: PruneSide, how: Judging): readonly FilesystemJudgement[] {
  return side.filesystems.map((history): FilesystemJudgement => {
    const {filesystem} = history
    if (history.placeholder) return {kind: 'skip', filesystem, because: 'placeholder'}
    return judgeHistory(history, candidatesAlone(history), protectAlone(history), how)
  })
}

function judgeHistory(
  history: History,
  candidates: readonly Candidate[],
  kept: ProtectedGuids,
  {rules, running, agreed, nowMs}: Judging,
): FilesystemJudgement {
  const {filesystem} = history
  const verdicts = judge(candidates, rules, withRunning(kept, running), nowMs)
  const jump = agreed ? undefined : findClockJump(snapshotsOf(history), nowMs)
  const isDoubtful = verdicts.some(
    ({kind, snapshot}) => jump !== undefined && kind === 'destroy' && dateMs(snapshot) < jump,
  )
  return isDoubtful
    ? {kind: 'skip', filesystem, because: 'clock-jump'}
    : {kind: 'judged', filesystem, candidates, verdicts}
}

/** It would lose a snapshot. */
export function losesAny(judgement: FilesystemJudgement): boolean {
  return judgement.kind === 'judged' && judgement.verdicts.some(({kind}) => kind === 'destroy')
}

/**
 * The newest snapshot is the last that is known of a filesystem: as long as it is young, the sender may come back.
 * What does not carry the hold of this receiving job has come from elsewhere, or by a job that guarantees nothing; what was
 * set aside is kept for a person.
 */
function mayBeGone(
  history: History,
  receiverJob: JobId,
  {goneAfterMs, nowMs}: Pick<PruneQuestion, 'goneAfterMs' | 'nowMs'>,
): boolean {
  const newest = Math.max(...snapshotsOf(history).map(dateMs))
  const isOld = goneAfterMs !== undefined && newest + goneAfterMs < nowMs
  const tag = lastReceivedHoldTag(receiverJob)
  const isReceived = history.holds.values().some((tags) => tags.includes(tag))
  return isOld && isReceived && readAsideName(history.filesystem) === undefined
}

function skipReason(standing: Standing): SkipReason {
  if (standing === 'conflict') return 'conflict'
  return standing === 'skipped' ? 'replication-skipped' : 'replication-failed'
}

function byFilesystem({filesystems}: PruneSide): ReadonlyMap<DatasetName, History> {
  return new Map(filesystems.map((history) => [history.filesystem, history]))
}
