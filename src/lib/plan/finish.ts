import {lastReceivedHoldTag} from '../abstraction/last-received-hold.ts'
import {readCursor} from '../abstraction/replication-cursor.ts'
import {stepHoldTag} from '../abstraction/step-hold.ts'
import type {HoldTag} from '../zfs/name.ts'
import {type Bookmark, isBookmark, isSnapshot, type Version} from '../zfs/version.ts'
import type {FilesystemView, SideView} from './observation.ts'
import type {Protection, ReplicationPolicy} from './policy.ts'

/** What is left to do for a filesystem of which nothing needs to be sent. At least one of the two is true. */
export type FinishWork = {
  /** The version both sides have. */
  readonly to: Version
  readonly protection: Protection
  /** Move the cursor to `to`, then drop the job's step holds, tentative cursors and other cursors. */
  readonly completeSender: boolean
  /** Move the last-received hold to `to`. */
  readonly holdReceiver: boolean
}

/** One filesystem on one side, with the job that owns what was left there. */
export type OneSide = {readonly jobId: SideView['jobId']; readonly view: FilesystemView}

/**
 * What an earlier run, killed between receiving and completing, left undone on an up-to-date filesystem (kill points K6
 * to K10): so the next run finishes without sending, and the one after that finds nothing to do.
 *
 * In order is: no step hold and no tentative cursor of the sending job; its cursor at the common version and nowhere else;
 * the receiving job's hold on that version and no other. Where a kind of step is to guarantee nothing, no cursor and no
 * hold at all is in order as well. Other jobs' abstractions are never looked at.
 *
 * A cursor newer than the common version is left alone: the receiver may have been restored from an older state, and
 * the cursor may be all that is left to continue from once it is back.
 */
export function finishWork(
  common: Version,
  sender: OneSide,
  receiver: OneSide,
  policy: ReplicationPolicy,
): FinishWork | undefined {
  const {initial, incremental} = policy.protection
  const nothingIsFine = initial === 'guarantee_nothing' || incremental === 'guarantee_nothing'
  const completeSender = senderNeedsCompletion(common, sender, nothingIsFine)
  const holdReceiver = receiverNeedsHold(common, receiver, nothingIsFine)
  if (!completeSender && !holdReceiver) return undefined
  return {to: common, protection: protectionFor(common, incremental), completeSender, holdReceiver}
}

function senderNeedsCompletion(common: Version, {jobId, view}: OneSide, nothingIsFine: boolean): boolean {
  const cursors = view.versions.filter(isBookmark).filter((bookmark) => isOurs(bookmark, jobId, 'cursor'))
  if (cursors.some(({createtxg}) => createtxg > common.createtxg)) return false

  const tentative = view.versions.filter(isBookmark).some((bookmark) => isOurs(bookmark, jobId, 'tentative'))
  const cursorAtCommon = cursors.some(({guid}) => guid === common.guid)
  const cursorElsewhere = cursors.some(({guid}) => guid !== common.guid)
  const cursorMissing = !cursorAtCommon && !nothingIsFine
  return tentative || cursorElsewhere || cursorMissing || heldWith(view, stepHoldTag(jobId)).length > 0
}

function receiverNeedsHold(common: Version, {jobId, view}: OneSide, nothingIsFine: boolean): boolean {
  const held = heldWith(view, lastReceivedHoldTag(jobId))
  const last = view.versions.filter(isSnapshot).find(({guid}) => guid === common.guid)
  const heldElsewhere = held.some((name) => name !== last?.name)
  const holdMissing = !held.some((name) => name === last?.name) && !nothingIsFine
  return heldElsewhere || holdMissing
}

/** Guaranteeing nothing drops all cursors, which must not happen while a bookmark is all that is left of `common`. */
function protectionFor(common: Version, incremental: Protection): Protection {
  return isBookmark(common) && incremental === 'guarantee_nothing' ? 'guarantee_incremental' : incremental
}

function isOurs(bookmark: Bookmark, jobId: SideView['jobId'], kind: 'cursor' | 'tentative'): boolean {
  const cursor = readCursor(bookmark)
  return cursor?.kind === kind && cursor.jobId === jobId
}

/** Names of the snapshots that carry `tag`. */
function heldWith(view: FilesystemView, tag: HoldTag): readonly string[] {
  return Array.from(view.holds).flatMap(([name, tags]) => (tags.includes(tag) ? [name] : []))
}
