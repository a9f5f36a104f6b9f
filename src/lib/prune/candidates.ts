import type {JobId} from '../abstraction/job-id.ts'
import type {Snapshot, Version} from '../zfs/version.ts'
import type {Candidate} from './candidate.ts'
import {cursorsOf, type History, lastCommonGuid, snapshotsOf, versionWith} from './history.ts'

/**
 * The sender's snapshots, oldest first. Replicated is what is not newer than the last common version: an older one that
 * the receiver lacks will not be sent any more. When the receiver is not known, the job's newest cursor stands for it.
 *
 * What replication does not select has never been sent, however old it is: only a snapshot of its guid on the receiver
 * shows that it is replicated.
 */
export function candidatesOnSender(
  sender: History,
  jobId: JobId,
  receiver: History | 'absent' | 'unknown',
  isSelected: (snapshot: Snapshot) => boolean,
): readonly Candidate[] {
  const last = lastReplicated(sender, jobId, receiver)
  const theirs = new Set(typeof receiver === 'string' ? [] : snapshotsOf(receiver).map(({guid}) => guid))
  return candidatesOf(sender, last).map((candidate) => {
    const {snapshot, atCursor} = candidate
    return atCursor || isSelected(snapshot) || theirs.has(snapshot.guid)
      ? candidate
      : {...candidate, replicated: false, neverSent: true}
  })
}

/**
 * The receiver's snapshots, oldest first. The last common one does not count as replicated: it is what the next
 * increment needs. Whether it is at the cursor matters for the sender only.
 */
export function candidatesOnReceiver(receiver: History, sender: History): readonly Candidate[] {
  const last = versionWith(receiver, lastCommonGuid(sender, receiver))
  return candidatesOf(receiver, last).map(({snapshot, replicated, atCursor}) => ({
    snapshot,
    replicated: replicated && !atCursor,
    atCursor: false,
  }))
}

/** The snapshots of a filesystem that is not replicated at all (a snap job). */
export function candidatesAlone(history: History): readonly Candidate[] {
  return candidatesOf(history, undefined)
}

/** The snapshots of a receiver's filesystem that the sender does not have any more: all but the newest are replicated. */
export function candidatesGone(receiver: History): readonly Candidate[] {
  const newest = snapshotsOf(receiver).at(-1)
  return snapshotsOf(receiver).map((snapshot) => ({
    snapshot,
    replicated: snapshot !== newest,
    atCursor: false,
  }))
}

/** The sender's newest version that is known to be on the receiver. */
export function lastReplicated(
  sender: History,
  jobId: JobId,
  receiver: History | 'absent' | 'unknown',
): Version | undefined {
  if (receiver === 'absent') return undefined
  if (receiver === 'unknown') return cursorsOf(sender, jobId).at(-1)
  return versionWith(sender, lastCommonGuid(sender, receiver))
}

function candidatesOf(history: History, last: Version | undefined): readonly Candidate[] {
  return snapshotsOf(history).map((snapshot) => ({
    snapshot,
    replicated: last !== undefined && snapshot.createtxg <= last.createtxg,
    atCursor: last !== undefined && snapshot.guid === last.guid,
  }))
}
