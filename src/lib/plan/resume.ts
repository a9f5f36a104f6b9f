import {quoted} from '../core/printable.ts'
import {datasetOf, type Guid} from '../zfs/name.ts'
import {decodeResumeToken, type ResumeState} from '../zfs/resume-token.ts'
import {byCreatetxg, isSnapshot, type Snapshot, shortName, type Version} from '../zfs/version.ts'

/** Whether an interrupted receive can be continued; if not, why it has to be given up. */
export type Resume =
  | {readonly kind: 'resume'; readonly from: Version | undefined; readonly to: Snapshot}
  | {readonly kind: 'useless'; readonly because: string}

/**
 * Compares the receiver's resume token with both histories.
 *
 * A token is the receiver's word, and it may be old: everything it names has to be a version of this filesystem, found by
 * guid, and the stream has to continue the receiver's newest snapshot. Of the name inside the token only the filesystem
 * is compared: a renamed snapshot can be resumed, but `zfs send -t` looks for the snapshot where the token says. A
 * snapshot is preferred over a bookmark as `from`.
 *
 * `expectRaw` is what the job would send without a token; `undefined` where it does not matter or is not known.
 * Whatever does not fit is `useless`, never an error: giving up a partial receive costs time, being stuck costs the
 * backup (zrepl#644, zrepl#431).
 */
export function judgeResume(
  token: string,
  sender: readonly Version[],
  receiver: readonly Version[],
  expectRaw: boolean | undefined,
): Resume {
  const state = decodeResumeToken(token)
  if (state.kind === 'useless') return useless(`its resume token cannot be used: ${state.because}`)

  const ours = sender.toSorted(byCreatetxg)
  const theirs = receiver.filter(isSnapshot).toSorted(byCreatetxg)
  const to = ours.filter(isSnapshot).find(({guid}) => guid === state.toguid)
  if (to === undefined) {
    return useless(`the snapshot it receives (${quoted(state.toname)}) is not on the sender any more`)
  }
  const named = datasetOf(state.toname)
  if (named !== to.filesystem) return useless(`it is of ${quoted(named)}`)
  if (theirs.some(({guid}) => guid === to.guid)) return useless(`the receiver already has ${shortName(to)}`)
  if (state.saved || state.redacted) return useless('it is of a kind that this program does not send')
  if (state.bytes === 0n) return useless('nothing was received yet')
  if (expectRaw !== undefined && state.raw !== expectRaw) return useless(rawMismatch(state))

  return state.fromguid === undefined
    ? resumeFull(to, theirs)
    : resumeIncremental(state.fromguid, to, ours, theirs)
}

function resumeFull(to: Snapshot, receiver: readonly Snapshot[]): Resume {
  if (receiver.length > 0) {
    return useless(`it receives ${shortName(to)} in full, but the receiver has snapshots`)
  }
  return {kind: 'resume', from: undefined, to}
}

function resumeIncremental(
  fromguid: Guid,
  to: Snapshot,
  sender: readonly Version[],
  receiver: readonly Snapshot[],
): Resume {
  const from = sender.findLast(({guid}) => guid === fromguid)
  if (from === undefined) return useless(`the base of ${shortName(to)} is not on the sender any more`)
  if (receiver.at(-1)?.guid !== from.guid) {
    return useless(`its base ${shortName(from)} is not the newest on the receiver`)
  }
  if (from.createtxg >= to.createtxg) {
    return useless(`its base ${shortName(from)} is not older than ${shortName(to)}`)
  }
  return {kind: 'resume', from, to}
}

function rawMismatch({raw}: ResumeState): string {
  return raw
    ? 'it is a raw stream, but the job does not send raw'
    : 'it is not a raw stream, but the job sends raw'
}

function useless(because: string): Resume {
  return {kind: 'useless', because}
}
