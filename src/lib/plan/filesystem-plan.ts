import {receivingJobs} from '../abstraction/last-received-hold.ts'
import {readCursor} from '../abstraction/replication-cursor.ts'
import {isNonEmpty, type NonEmpty, unreachable} from '../core/assert.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'
import {
  type Bookmark,
  byCreatetxg,
  isBookmark,
  isSnapshot,
  type Snapshot,
  type Version,
} from '../zfs/version.ts'
import {type Conflict, describeConflict, type LeftAlone, type Obstacle} from './conflict.ts'
import {type Diff, type DiffConflict, diffVersions, findTakenName, unknownTo} from './diff.ts'
import {type FinishWork, finishWork} from './finish.ts'
import type {FilesystemView, Refusal, SideView} from './observation.ts'
import type {ReplicationPolicy} from './policy.ts'
import {judgeResume, type Resume} from './resume.ts'
import {isSelected} from './snapshot-selection.ts'
import {chainSteps, type Step} from './step.ts'

/** What is to be done for one filesystem. A value that can be printed, compared and sent. */
export type FilesystemPlan = {
  readonly filesystem: DatasetName
  readonly type: 'filesystem' | 'volume'
} & (
  | {readonly kind: 'skip'; readonly because: 'sender-placeholder'}
  | {
      readonly kind: 'up-to-date'
      readonly common: Version
      /** Why the receiver's partial receive is given up; `undefined` when there is none. */
      readonly abortPartial: string | undefined
      readonly finish: FinishWork | undefined
    }
  | {
      readonly kind: 'steps'
      readonly steps: NonEmpty<Step>
      /** Why the receiver's partial receive is given up first; `undefined` when there is none or it is continued. */
      readonly abortPartial: string | undefined
      /** The receiver's copy is renamed first, because it cannot be continued. */
      readonly setAside: SetAside | undefined
      /**
       * Where this job has come to before, as its cursor says, when the receiver has nothing of it any more and all is sent
       * afresh: right for a new disk, and worth a word, since a receiver that lies could have it for ever (threat T44).
       */
      readonly sentBefore: Bookmark | undefined
    }
  /** There is something to send, but the sender will not send it. */
  | ({readonly kind: 'refused'} & Refusal)
  | {readonly kind: 'conflict'; readonly conflict: Conflict; readonly message: string; readonly hint: string}
)

/** A copy that is to make room: that with `newest` as its newest snapshot, and no other. */
export type SetAside = {readonly newest: Guid; readonly because: string}

/** One filesystem as both sides have it, and what is wanted. */
export type FilesystemQuestion = {
  readonly senderJob: SideView['jobId']
  readonly sender: FilesystemView
  readonly receiverJob: SideView['jobId']
  /** `undefined`: the receiver has no such filesystem. */
  readonly receiver: FilesystemView | undefined
  /** Others lie below it on the receiver, and would be renamed with it. */
  readonly hasChildrenThere: boolean
  /** Copies of it that were set aside and are still there, by the guids of their newest snapshots. */
  readonly setAsideBefore: ReadonlyMap<Guid, DatasetName>
  readonly policy: ReplicationPolicy
}

/**
 * Decides what one filesystem needs. Never fails: what cannot be replicated is a `conflict`, for which nothing at all is
 * changed, on neither side.
 *
 * A partial receive is continued if it fits, else given up, and planning goes on as if it were not there.
 */
export function planFilesystem(question: FilesystemQuestion): FilesystemPlan {
  const {sender, receiver, policy} = question
  const placeholderOnly = receiver === undefined || receiver.placeholder
  if (sender.placeholder && placeholderOnly) {
    return {...headOf(question), kind: 'skip', because: 'sender-placeholder'}
  }

  const obstacle = findObstacle(sender, receiver)
  if (obstacle !== undefined) return obstaclePlan(question, obstacle)

  const resume = resumeOf(question)
  if (resume?.kind === 'resume') return planResumed(question, resume)

  const wanted = (snapshot: Snapshot) => isSelected(policy.snapshots, snapshot)
  const diff = diffVersions(sender.versions, receiver?.versions ?? [], wanted)
  return planDiff(question, diff, resume?.because)
}

/** What `zfs receive` would refuse whatever the histories are. */
function findObstacle(sender: FilesystemView, receiver: FilesystemView | undefined): Obstacle | undefined {
  if (sender.placeholder) return {kind: 'sender-is-placeholder'}
  if (receiver === undefined) return undefined
  if (sender.type !== receiver.type) {
    return {kind: 'type-differs', sent: sender.type, present: receiver.type}
  }

  const theirs = receiver.versions.filter(isSnapshot)
  if (receiver.placeholder) {
    return isNonEmpty(theirs) ? {kind: 'placeholder-has-snapshots'} : undefined
  }
  const empty = theirs.length === 0 && receiver.resumeToken === undefined
  return empty ? {kind: 'receiver-occupied'} : undefined
}

function resumeOf({sender, receiver}: FilesystemQuestion): Resume | undefined {
  if (receiver?.resumeToken === undefined) return undefined
  return judgeResume(receiver.resumeToken, sender.versions, receiver.versions, expectRaw(sender))
}

/**
 * Whether a stream of the filesystem has to be raw, so that a resume token that says otherwise is not used: what is not
 * encrypted has no raw stream, whatever is asked for. `undefined`: the sender has not said.
 */
function expectRaw({sending}: FilesystemView): boolean | undefined {
  return sending?.kind === 'allowed' ? sending.raw : undefined
}

/** The rest of the interrupted step, then everything newer. */
function planResumed(
  question: FilesystemQuestion,
  {from, to}: Extract<Resume, {kind: 'resume'}>,
): FilesystemPlan {
  const {sender, receiver, policy} = question
  const theirs = receiver?.versions ?? []
  const newer = sender.versions.toSorted(byCreatetxg).filter(({createtxg}) => createtxg > to.createtxg)
  const next = unknownTo(theirs, newer).filter((snapshot) => isSelected(policy.snapshots, snapshot))
  const wanted: NonEmpty<Snapshot> = [to, ...next.filter(({guid}) => guid !== to.guid)]
  const taken = findTakenName(wanted, theirs)
  if (taken !== undefined) return conflictPlan(question, taken)
  return planSteps(question, from, wanted, {abortPartial: undefined, resumeToken: receiver?.resumeToken})
}

function planDiff(
  question: FilesystemQuestion,
  diff: Diff,
  abortPartial: string | undefined,
): FilesystemPlan {
  switch (diff.kind) {
    case 'conflict':
      return planDiverged(question, diff.conflict) ?? conflictPlan(question, diff.conflict)
    case 'up-to-date':
      return {
        ...headOf(question),
        kind: 'up-to-date',
        common: diff.common,
        abortPartial,
        finish: finishOf(question, diff.common),
      }
    case 'incremental':
      return planSteps(question, diff.from, diff.missing, {abortPartial})
    case 'initial':
      return planSteps(question, undefined, initialSnapshots(question.policy, diff.missing), {
        abortPartial,
        sentBefore: cursorOf(question),
      })
    default:
      return unreachable(diff)
  }
}

/**
 * `conflict_resolution.diverged: rename-aside`. Only for histories that both exist and cannot be joined: everything else
 * that is in the way would be in the way of a fresh copy too, or is a person's work. And only for what is this job's own:
 * two that replicate to one place would set aside and send again for ever.
 */
function planDiverged(question: FilesystemQuestion, conflict: DiffConflict): FilesystemPlan | undefined {
  const {policy, sender, receiver, hasChildrenThere} = question
  if (policy.diverged !== 'rename-aside' || hasChildrenThere) return undefined
  if (conflict.kind !== 'diverged' && conflict.kind !== 'no-common-ancestor') return undefined
  const newest = receiver?.versions.filter(isSnapshot).toSorted(byCreatetxg).at(-1)
  const missing = sender.versions
    .toSorted(byCreatetxg)
    .filter(isSnapshot)
    .filter((snapshot) => isSelected(policy.snapshots, snapshot))
  if (newest === undefined || !isNonEmpty(missing)) return undefined
  const because = whyLeftAlone(question)
  if (because !== undefined) return conflictPlan(question, {kind: 'left-alone', parted: conflict, because})
  return planSteps(question, undefined, initialSnapshots(policy, missing), {
    abortPartial: undefined,
    setAside: {newest: newest.guid, because: describeConflict(conflict).message},
  })
}

/** A copy with a snapshot that the sender knows as its newest is continued and not set aside, unless by another sender. */
function whyLeftAlone({
  sender,
  receiverJob,
  receiver,
  setAsideBefore,
}: FilesystemQuestion): LeftAlone['because'] | undefined {
  const jobs = receivingJobs(receiver?.holds ?? new Map())
  const another = Array.from(jobs).find((job) => job !== receiverJob)
  if (another !== undefined) return {kind: 'of-another-job', job: another}
  if (!jobs.has(receiverJob)) return {kind: 'not-received', job: receiverJob}
  const version = sender.versions.toSorted(byCreatetxg).findLast(({guid}) => setAsideBefore.has(guid))
  const aside = version && setAsideBefore.get(version.guid)
  return aside && {kind: 'taken-over', version, aside}
}

/** zrepl: `conflict_resolution.initial_replication`. `fail` is dealt with where the steps are made. */
function initialSnapshots(
  {initialReplication}: ReplicationPolicy,
  all: NonEmpty<Snapshot>,
): NonEmpty<Snapshot> {
  return initialReplication === 'all' ? all : [all.at(-1) ?? all[0]]
}

/** Our newest cursor on the sender. */
function cursorOf({senderJob, sender}: FilesystemQuestion): Bookmark | undefined {
  return sender.versions
    .filter(isBookmark)
    .filter((bookmark) => {
      const cursor = readCursor(bookmark)
      return cursor?.kind === 'cursor' && cursor.jobId === senderJob
    })
    .toSorted(byCreatetxg)
    .at(-1)
}

function isRaw({sending}: FilesystemView): boolean {
  return sending?.kind === 'allowed' && sending.raw
}

/** OpenZFS replaces a placeholder only where neither it nor what comes is encrypted. */
function irreplaceable({sender, receiver}: FilesystemQuestion): Obstacle | undefined {
  if (receiver?.placeholder !== true || receiver.resumeToken !== undefined) return undefined
  const raw = isRaw(sender)
  return receiver.encrypted || raw
    ? {kind: 'placeholder-irreplaceable', encrypted: receiver.encrypted}
    : undefined
}

/** `zfs receive` takes increments onto what is exactly its newest snapshot only. */
function modificationOf(receiver: FilesystemView | undefined): Obstacle | undefined {
  const last = receiver?.versions.filter(isSnapshot).toSorted(byCreatetxg).at(-1)
  const written = receiver?.written ?? 0n
  return last === undefined || written === 0n ? undefined : {kind: 'modified', last, written}
}

/** A full send is refused under `initial_replication: fail`, also where it would continue a partial one. */
function planSteps(
  question: FilesystemQuestion,
  from: Version | undefined,
  wanted: NonEmpty<Snapshot>,
  {
    abortPartial,
    resumeToken,
    setAside,
    sentBefore,
  }: {
    readonly abortPartial: string | undefined
    readonly resumeToken?: string | undefined
    readonly setAside?: SetAside
    readonly sentBefore?: Bookmark | undefined
  },
): FilesystemPlan {
  const {policy, sender} = question
  if (sender.sending?.kind === 'refused') return {...headOf(question), ...sender.sending}
  const obstacle = from === undefined ? irreplaceable(question) : undefined
  if (obstacle !== undefined) return obstaclePlan(question, obstacle)
  const modified = from === undefined ? undefined : modificationOf(question.receiver)
  if (modified !== undefined) return obstaclePlan(question, modified)
  if (from === undefined && policy.initialReplication === 'fail') {
    return obstaclePlan(question, {kind: 'initial-replication-disabled'})
  }
  const steps = chainSteps({...headOf(question), raw: isRaw(sender), policy}, from, wanted, resumeToken)
  return {...headOf(question), kind: 'steps', steps, abortPartial, setAside, sentBefore}
}

function finishOf(
  {senderJob, sender, receiverJob, receiver, policy}: FilesystemQuestion,
  common: Version,
): FinishWork | undefined {
  if (receiver === undefined) return undefined
  return finishWork(common, {jobId: senderJob, view: sender}, {jobId: receiverJob, view: receiver}, policy)
}

function obstaclePlan(question: FilesystemQuestion, obstacle: Obstacle): FilesystemPlan {
  const {sender, receiver} = question
  return conflictPlan(question, {
    ...obstacle,
    sender: sender.versions.toSorted(byCreatetxg),
    receiver: receiver?.versions.filter(isSnapshot).toSorted(byCreatetxg) ?? [],
  })
}

function conflictPlan(question: FilesystemQuestion, conflict: Conflict): FilesystemPlan {
  return {...headOf(question), kind: 'conflict', conflict, ...describeConflict(conflict)}
}

function headOf({sender: {filesystem, type}}: FilesystemQuestion): {
  readonly filesystem: DatasetName
  readonly type: 'filesystem' | 'volume'
} {
  return {filesystem, type}
}
