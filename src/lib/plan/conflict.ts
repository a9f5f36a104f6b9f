import type {JobId} from '../abstraction/job-id.ts'
import {lastReceivedHoldTag} from '../abstraction/last-received-hold.ts'
import {readCursor} from '../abstraction/replication-cursor.ts'
import {unreachable} from '../core/assert.ts'
import {quoted} from '../core/printable.ts'
import {formatBytes} from '../core/units.ts'
import type {DatasetName} from '../zfs/name.ts'
import {isBookmark, type Snapshot, shortName, type Version} from '../zfs/version.ts'
import type {DiffConflict} from './diff.ts'

/** Why a filesystem cannot be replicated until a person has decided. Nothing is changed on either side meanwhile. */
export type Conflict = DiffConflict | (Obstacle & Histories) | LeftAlone

/** What is in the way whatever the histories are. */
export type Obstacle =
  | {readonly kind: 'initial-replication-disabled'}
  | {readonly kind: 'sender-is-placeholder'}
  | {readonly kind: 'receiver-occupied'}
  | {readonly kind: 'placeholder-has-snapshots'}
  | {readonly kind: 'modified'; readonly last: Snapshot; readonly written: bigint}
  | {readonly kind: 'placeholder-irreplaceable'; readonly encrypted: boolean}
  | {readonly kind: 'type-differs'; readonly sent: DatasetType; readonly present: DatasetType}

/** A copy whose history cannot be joined with the sender's, and that is not set aside although the job would have it so. */
export type LeftAlone = {
  readonly kind: 'left-alone'
  readonly parted: DiffConflict
  readonly because:
    | {readonly kind: 'of-another-job'; readonly job: JobId}
    | {readonly kind: 'not-received'; readonly job: JobId}
    /** A copy with a version of this sender has been set aside: somebody else replicates to the same place. */
    | {readonly kind: 'taken-over'; readonly version: Version; readonly aside: DatasetName}
}

/** What both sides have, oldest first, for the person who decides. */
export type Histories = {readonly sender: readonly Version[]; readonly receiver: readonly Snapshot[]}

type DatasetType = 'filesystem' | 'volume'

/** What is wrong, with both sides' versions and the last common one; and what a person can do. */
export type Described = {readonly message: string; readonly hint: string}

const RESEED = "rename the receiver's copy (zfs rename) and the filesystem is replicated afresh"

/** The text for a conflict: the only place where conflicts get words. */
export function describeConflict(conflict: Conflict): Described {
  switch (conflict.kind) {
    case 'no-sender-snapshots':
      return {
        message: `no snapshots on the sender to replicate; ${histories(conflict)}`,
        hint: 'take a snapshot of it, or exclude the filesystem from the job',
      }
    case 'none-selected':
      return {
        message: `replication.snapshots selects none of its snapshots for a first replication; sender: ${list(conflict.sender)}; receiver: none`,
        hint: 'take a snapshot of that name, or exclude the filesystem from the job',
      }
    case 'no-common-ancestor':
      return {
        message: `no common snapshot or bookmark; ${histories(conflict)}`,
        hint: `${howTheyParted(conflict.sender)}; ${RESEED}`,
      }
    case 'diverged':
      return {
        message: `the receiver's newest snapshot ${shortName(conflict.receiverOnly.at(-1) ?? conflict.common)} is not on the sender; last common: ${shortName(conflict.common)}; only on the sender: ${list(conflict.senderOnly)}; only on the receiver: ${list(conflict.receiverOnly)}`,
        hint: `if the receiver's newer snapshots may go, roll it back to the last common one (zfs rollback -r); if not, ${RESEED} (conflict_resolution.diverged: rename-aside does so where nothing lies below the copy)`,
      }
    case 'name-taken':
      return {
        message: `the receiver has another snapshot named ${shortName(conflict.taken)}: guid ${conflict.taken.guid} there, ${conflict.wanted.guid} on the sender`,
        hint: 'rename the snapshot on one side (zfs rename), or destroy it on the receiver if it may go',
      }
    case 'initial-replication-disabled':
      return {
        message: `the receiver has nothing of it that could be continued, and conflict_resolution.initial_replication is fail; ${histories(conflict)}`,
        hint: 'set initial_replication to most_recent or all for the first run',
      }
    case 'sender-is-placeholder':
      return {
        message: `it is a placeholder on the sender, but not on the receiver; ${histories(conflict)}`,
        hint: 'exclude it from the job, or rename it on the receiver',
      }
    case 'receiver-occupied':
      return {
        message: `it exists on the receiver without any snapshot, and is not a placeholder; ${histories(conflict)}`,
        hint: 'zrepl never overwrites a filesystem: rename or destroy the one on the receiver, or make it a placeholder if it is empty (zfs set zrepl:placeholder=on)',
      }
    case 'placeholder-has-snapshots':
      return {
        message: `it is a placeholder on the receiver, but has snapshots there; ${histories(conflict)}`,
        hint: 'destroy these snapshots if they may go, or make it an ordinary filesystem (zfs set zrepl:placeholder=off)',
      }
    case 'placeholder-irreplaceable':
      return {
        message: `it is ${conflict.encrypted ? 'an encrypted placeholder' : 'a placeholder that is not encrypted'} on the receiver, and OpenZFS does not replace it with ${conflict.encrypted ? 'a received filesystem' : 'an encrypted one'}; ${histories(conflict)}`,
        hint: 'if nothing lies below it on the receiver, destroy it there (zfs destroy); otherwise rename it (zfs rename), run again, and rename what lies below it back to its place',
      }
    case 'modified':
      return {
        message: `the receiver's copy was changed after its newest snapshot ${shortName(conflict.last)}: ${formatBytes(conflict.written)} written, which an increment would have to overwrite; ${histories(conflict)}`,
        hint: `if these changes may go, roll the receiver's copy back (zfs rollback to ${shortName(conflict.last)}), and set readonly=on there so that it does not happen again; if not, ${RESEED}`,
      }
    case 'type-differs':
      return {
        message: `it is a ${conflict.sent} on the sender, but a ${conflict.present} on the receiver; ${histories(conflict)}`,
        hint: RESEED,
      }
    case 'left-alone': {
      const {why, hint} = describeLeftAlone(conflict)
      return {
        message: `${describeConflict(conflict.parted).message}; the copy is not set aside: ${why}`,
        hint,
      }
    }
    default:
      return unreachable(conflict)
  }
}

function describeLeftAlone({because}: LeftAlone): {readonly why: string; readonly hint: string} {
  switch (because.kind) {
    case 'of-another-job':
      return {
        why: `it carries ${lastReceivedHoldTag(because.job)}, so that job receives it`,
        hint: `give each job a root_fs of its own; if there is no such job any more, release what it has left (zrepl zfs-abstraction release-all --job ${because.job} --dry-run on the receiver)`,
      }
    case 'not-received':
      return {
        why: `it does not carry ${lastReceivedHoldTag(because.job)}, so this job has not received it`,
        hint: `who has put it there? If it is not needed in its place, ${RESEED}`,
      }
    case 'taken-over':
      return {
        why: `the one with ${shortName(because.version)}, which this sender has, was set aside as ${quoted(because.aside)} before, so another sender replicates to the same place`,
        hint: `give each host a client_identity, each pull job a root_fs of its own; if there is no other sender any more, ${RESEED}`,
      }
    default:
      return unreachable(because)
  }
}

/** A cursor shows that this very filesystem was replicated before; without one it is probably another of the same name. */
function howTheyParted(sender: readonly Version[]): string {
  const cursor = sender.filter(isBookmark).findLast((bookmark) => readCursor(bookmark)?.kind === 'cursor')
  if (cursor === undefined) return 'was the filesystem destroyed and created again on one side?'
  return `it was replicated up to ${shortName(cursor)}, which the receiver does not have: is it the right receiver?`
}

function histories({sender, receiver}: Histories): string {
  return `sender: ${list(sender)}; receiver: ${list(receiver)}`
}

const LISTED = 6

/** The newest few, oldest first. */
function list(versions: readonly Version[]): string {
  if (versions.length === 0) return 'none'
  const older = versions.length - LISTED
  const shown = versions.slice(-LISTED).map(shortName).join(' ')
  return older > 0 ? `(${older} older) ${shown}` : shown
}
