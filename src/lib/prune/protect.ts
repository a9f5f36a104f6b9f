import type {JobId} from '../abstraction/job-id.ts'
import type {NonEmpty} from '../core/assert.ts'
import type {Guid} from '../zfs/name.ts'
import {decodeResumeToken} from '../zfs/resume-token.ts'
import {type Snapshot, shortName, type Version} from '../zfs/version.ts'
import {lastReplicated} from './candidates.ts'
import {cursorsOf, type History, lastCommonGuid, snapshotsOf} from './history.ts'
import type {ProtectedGuids} from './judge.ts'
import type {OnConflict} from './may-prune.ts'
import type {ProtectedReason} from './reason.ts'

/** A step that was planned and not completed. A plan's step fits. */
export type StepEnds = {readonly from: Version | undefined; readonly to: Snapshot}

/** What the sender's side of one filesystem is judged with. */
export type SenderSituation = {
  readonly jobId: JobId
  readonly sender: History
  /** `absent`: the receiver has no such filesystem. `unknown`: it could not be asked. */
  readonly receiver: History | 'absent' | 'unknown'
  readonly steps: readonly StepEnds[]
  readonly onConflict: OnConflict
  readonly scope: 'all' | 'older-than-cursor'
}

/**
 * What must stay on the sender.
 *
 * The newest snapshot, and those that are held or have clones, always. The last version both sides have, and both ends of planned steps and of the
 * receiver's partial receive, because replication needs them. With `destroy` the operator has chosen space over
 * replication: then planned steps protect nothing, and where the job's cursor, a bookmark, stands at the last common
 * version or at the partial receive's base, its snapshot may go, since the bookmark serves as well.
 * What a partial receive is receiving cannot be replaced by a bookmark and stays.
 * When neither the receiver nor a cursor tells what the last common version is, it could be any, and all stay.
 */
export function protectOnSender(situation: SenderSituation): ProtectedGuids {
  const {jobId, sender, receiver, steps, onConflict, scope} = situation
  const bookmarked = new Set(cursorsOf(sender, jobId).map(({guid}) => guid))
  const replaceable = (guid: Guid) => onConflict === 'destroy' && bookmarked.has(guid)

  const last = lastReplicated(sender, jobId, receiver)
  const common: readonly Entry[] =
    last === undefined || replaceable(last.guid) ? [] : [[last.guid, {kind: 'last-common'}]]
  const blind = receiver === 'unknown' && last === undefined
  const partial = typeof receiver === 'string' ? undefined : partialReceive(receiver)
  return protectedGuids([
    ...ownEntries(sender),
    ...common,
    ...(onConflict === 'keep' ? stepEntries(steps) : []),
    ...partialEntries(partial).filter(([guid]) => guid === partial?.to || !replaceable(guid)),
    ...(scope === 'older-than-cursor' || blind ? unconfirmedEntries(situation, last) : []),
  ])
}

/**
 * What must stay on the receiver: its newest snapshot, and those that are held or have clones; the last version both sides have; every snapshot a
 * cursor of the sender's job stands at; both ends of planned steps; the base of its partial receive. A receiver cannot
 * make do with bookmarks.
 */
export function protectOnReceiver(
  senderJob: JobId,
  sender: History,
  receiver: History,
  steps: readonly StepEnds[],
): ProtectedGuids {
  const common = lastCommonGuid(sender, receiver)
  return protectedGuids([
    ...ownEntries(receiver),
    ...(common === undefined ? [] : [[common, {kind: 'last-common'}] satisfies Entry]),
    ...cursorsOf(sender, senderJob).map(({guid}): Entry => [guid, {kind: 'cursor'}]),
    ...stepEntries(steps),
    ...partialEntries(partialReceive(receiver)),
  ])
}

/** What must stay where nothing is replicated (a snap job): the newest snapshot, and those that are held or have clones. */
export function protectAlone(history: History): ProtectedGuids {
  return protectedGuids(ownEntries(history))
}

/** What must stay on the receiver of a filesystem that the sender does not have any more: as if it could come back. */
export function protectGone(receiver: History): ProtectedGuids {
  return protectedGuids([...ownEntries(receiver), ...partialEntries(partialReceive(receiver))])
}

/** An end of a step of a replication that runs at this moment. */
export type RunningStep = {readonly job: string; readonly step: string}

/** The same, and what replications that run beside this need, whatever the policy is. */
export function withRunning(kept: ProtectedGuids, running: ReadonlyMap<Guid, RunningStep>): ProtectedGuids {
  const more = Array.from(running, ([guid, {job, step}]): [Guid, NonEmpty<ProtectedReason>] => {
    const reason: ProtectedReason = {kind: 'running-step', job, step}
    const known = kept.get(guid)
    return [guid, known === undefined ? [reason] : [...known, reason]]
  })
  return new Map([...kept, ...more])
}

type Entry = readonly [Guid, ProtectedReason]

function protectedGuids(entries: readonly Entry[]): ProtectedGuids {
  const reasons = new Map<Guid, NonEmpty<ProtectedReason>>()
  for (const [guid, reason] of entries) {
    const known = reasons.get(guid)
    reasons.set(guid, known === undefined ? [reason] : [...known, reason])
  }
  return reasons
}

function ownEntries(history: History): readonly Entry[] {
  const snapshots = snapshotsOf(history)
  const newest = snapshots
    .slice(-1)
    .map(({guid}): Entry => [guid, {kind: snapshots.length === 1 ? 'only' : 'newest'}])
  const tagsOf = ({name}: Snapshot) => history.holds.get(name) ?? []
  const held = snapshots
    .filter((snapshot) => snapshot.userrefs > 0 || tagsOf(snapshot).length > 0)
    .map((snapshot): Entry => [snapshot.guid, {kind: 'held', tags: tagsOf(snapshot)}])
  const cloned = snapshots
    .filter(({clones}) => clones !== undefined)
    .map(({guid, clones = ''}): Entry => [guid, {kind: 'cloned', clones}])
  return [...newest, ...held, ...cloned]
}

function stepEntries(steps: readonly StepEnds[]): readonly Entry[] {
  return steps.flatMap(({from, to}) => {
    const step = `${from === undefined ? 'full' : shortName(from)} -> ${shortName(to)}`
    const ends = from === undefined ? [to.guid] : [from.guid, to.guid]
    return ends.map((guid): Entry => [guid, {kind: 'step', step}])
  })
}

type PartialReceive = {readonly from: Guid | undefined; readonly to: Guid}

/** A token that cannot be decoded cannot be continued either, so it protects nothing. */
function partialReceive({resumeToken}: History): PartialReceive | undefined {
  if (resumeToken === undefined) return undefined
  const state = decodeResumeToken(resumeToken)
  return state.kind === 'useless' ? undefined : {from: state.fromguid, to: state.toguid}
}

function partialEntries(partial: PartialReceive | undefined): readonly Entry[] {
  if (partial === undefined) return []
  const ends = partial.from === undefined ? [partial.to] : [partial.from, partial.to]
  return ends.map((guid) => [guid, {kind: 'partial-receive'}])
}

/**
 * Everything but what is strictly older than the last version known to have arrived: the older of cursor and last
 * common version, whichever are known; everything where neither is.
 */
function unconfirmedEntries({jobId, sender}: SenderSituation, last: Version | undefined): readonly Entry[] {
  const known = [last, cursorsOf(sender, jobId).at(-1)].filter((version) => version !== undefined)
  const isConfirmed = ({createtxg}: Snapshot) =>
    known.length > 0 && known.every((version) => createtxg < version.createtxg)
  return snapshotsOf(sender)
    .filter((snapshot) => !isConfirmed(snapshot))
    .map(({guid}) => [guid, {kind: 'unconfirmed'}])
}
