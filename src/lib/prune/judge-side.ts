import type {NonEmpty} from '../core/assert.ts'
import type {DatasetName} from '../zfs/name.ts'
import {candidatesAlone, candidatesOnReceiver, candidatesOnSender} from './candidates.ts'
import type {History, PruneSide} from './history.ts'
import {judge, type Verdict} from './judge.ts'
import type {KeepRule} from './keep-rule.ts'
import {mayPrune, type OnConflict, type Standing} from './may-prune.ts'
import {protectAlone, protectOnReceiver, protectOnSender, type StepEnds} from './protect.ts'

/** What pruning makes of one filesystem on one side. */
export type FilesystemJudgement =
  | {readonly kind: 'skip'; readonly filesystem: DatasetName; readonly because: SkipReason}
  | {readonly kind: 'judged'; readonly filesystem: DatasetName; readonly verdicts: readonly Verdict[]}

export type SkipReason =
  | 'placeholder'
  | 'not-on-sender'
  | 'conflict'
  | 'replication-skipped'
  | 'replication-failed'

/** How replication left one filesystem, and the steps of its plan that were not completed. */
export type ReplicationState = {readonly standing: Standing; readonly steps: readonly StepEnds[]}

/** Both sides as observed after replication, and what is wanted. */
export type PruneQuestion = {
  readonly sender: PruneSide
  readonly receiver: PruneSide | 'unknown'
  /** A filesystem without an entry counts as failed: nobody knows how it stands. */
  readonly states: ReadonlyMap<DatasetName, ReplicationState>
  readonly rules: NonEmpty<KeepRule>
  readonly onConflict: OnConflict
  readonly nowMs: number
}

const UNKNOWN_STATE: ReplicationState = {standing: 'failed', steps: []}

/** Judges the sender's snapshots of every filesystem. */
export function judgeSender({
  sender,
  receiver,
  states,
  rules,
  onConflict,
  nowMs,
}: PruneQuestion): readonly FilesystemJudgement[] {
  const theirs = receiver === 'unknown' ? 'unknown' : byFilesystem(receiver)
  return sender.filesystems.map((history): FilesystemJudgement => {
    const {filesystem} = history
    const {standing, steps} = states.get(filesystem) ?? UNKNOWN_STATE
    const {sender: scope} = mayPrune(standing, onConflict)
    if (history.placeholder) return {kind: 'skip', filesystem, because: 'placeholder'}
    if (scope === 'nothing') return {kind: 'skip', filesystem, because: skipReason(standing)}

    const other = theirs === 'unknown' ? 'unknown' : (theirs.get(filesystem) ?? 'absent')
    const candidates = candidatesOnSender(history, sender.jobId, other)
    const kept = protectOnSender({
      jobId: sender.jobId,
      sender: history,
      receiver: other,
      steps,
      onConflict,
      scope,
    })
    return {kind: 'judged', filesystem, verdicts: judge(candidates, rules, kept, nowMs)}
  })
}

/** Judges the receiver's snapshots of the filesystems that the sender has as well; others are skipped, never emptied. */
export function judgeReceiver({
  sender,
  receiver,
  states,
  rules,
  onConflict,
  nowMs,
}: PruneQuestion): readonly FilesystemJudgement[] {
  if (receiver === 'unknown') return []
  const ours = byFilesystem(sender)
  return receiver.filesystems.map((history): FilesystemJudgement => {
    const {filesystem} = history
    const {standing, steps} = states.get(filesystem) ?? UNKNOWN_STATE
    const other = ours.get(filesystem)
    if (history.placeholder) return {kind: 'skip', filesystem, because: 'placeholder'}
    if (other === undefined) return {kind: 'skip', filesystem, because: 'not-on-sender'}
    if (mayPrune(standing, onConflict).receiver !== 'all') {
      return {kind: 'skip', filesystem, because: skipReason(standing)}
    }

    const candidates = candidatesOnReceiver(history, other)
    const kept = protectOnReceiver(sender.jobId, other, history, steps)
    return {kind: 'judged', filesystem, verdicts: judge(candidates, rules, kept, nowMs)}
  })
}

/** Judges the snapshots of a job that does not replicate (a snap job). */
export function judgeAlone(
  side: PruneSide,
  rules: NonEmpty<KeepRule>,
  nowMs: number,
): readonly FilesystemJudgement[] {
  return side.filesystems.map((history): FilesystemJudgement => {
    const {filesystem} = history
    if (history.placeholder) return {kind: 'skip', filesystem, because: 'placeholder'}
    return {
      kind: 'judged',
      filesystem,
      verdicts: judge(candidatesAlone(history), rules, protectAlone(history), nowMs),
    }
  })
}

function skipReason(standing: Standing): SkipReason {
  if (standing === 'conflict') return 'conflict'
  return standing === 'skipped' ? 'replication-skipped' : 'replication-failed'
}

function byFilesystem({filesystems}: PruneSide): ReadonlyMap<DatasetName, History> {
  return new Map(filesystems.map((history) => [history.filesystem, history]))
}
