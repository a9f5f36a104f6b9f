import type {HoldTag} from '../zfs/name.ts'
import {type Bookmark, nameOfBookmark, nameOfSnapshot, type Snapshot} from '../zfs/version.ts'
import type {JobId} from './job-id.ts'
import {readLastReceivedHold} from './last-received-hold.ts'
import {readCursor} from './replication-cursor.ts'
import {readStepHold} from './step-hold.ts'

/** zrepl's words for what it leaves on pools. Only release candidates of zrepl 0.3 left `step-bookmark`. */
export const ABSTRACTION_TYPES = [
  'step-hold',
  'last-received-hold',
  'tentative-replication-cursor-bookmark-v2',
  'replication-cursor-bookmark-v2',
  'replication-cursor-bookmark-v1',
  'step-bookmark',
] as const

export type AbstractionType = (typeof ABSTRACTION_TYPES)[number]

/** A hold or bookmark that is believed to be ours. */
export type Abstraction = HeldAbstraction | BookmarkAbstraction

export type HeldAbstraction = {
  readonly type: 'step-hold' | 'last-received-hold'
  readonly version: Snapshot
  readonly tag: HoldTag
  readonly jobId: JobId
}

/** `jobId` is `undefined` for cursors from before zrepl 0.3, which do not say whose they are. */
export type BookmarkAbstraction = {
  readonly type: Exclude<AbstractionType, HeldAbstraction['type']>
  readonly version: Bookmark
  readonly jobId: JobId | undefined
}

/** The hold `tag` on `version` as ours; `undefined` when it is somebody else's. */
export function readHeldAbstraction(version: Snapshot, tag: HoldTag): HeldAbstraction | undefined {
  const sending = readStepHold(tag)
  if (sending !== undefined) return {type: 'step-hold', version, tag, jobId: sending}
  const receiving = readLastReceivedHold(tag)
  return receiving === undefined ? undefined : {type: 'last-received-hold', version, tag, jobId: receiving}
}

/** `version` as ours; `undefined` when it is somebody else's bookmark. */
export function readBookmarkAbstraction(version: Bookmark): BookmarkAbstraction | undefined {
  const cursor = readCursor(version)
  switch (cursor?.kind) {
    case undefined:
      return undefined
    case 'v1':
      return {type: 'replication-cursor-bookmark-v1', version, jobId: undefined}
    case 'cursor':
      return {type: 'replication-cursor-bookmark-v2', version, jobId: cursor.jobId}
    case 'tentative':
      return {type: 'tentative-replication-cursor-bookmark-v2', version, jobId: cursor.jobId}
    case 'step-bookmark':
      return {type: 'step-bookmark', version, jobId: cursor.jobId}
  }
}

export function isHeld(abstraction: Abstraction): abstraction is HeldAbstraction {
  return abstraction.version.kind === 'snapshot'
}

/** The snapshot that is held, or the bookmark itself: `fs@name` or `fs#name`. */
export function fullPathOf({version}: Abstraction): string {
  return version.kind === 'snapshot' ? nameOfSnapshot(version) : nameOfBookmark(version)
}

/** The one text zrepl has for an abstraction: `TYPE fs#name` or `TYPE "tag" on fs@name`. */
export function formatAbstraction(abstraction: Abstraction): string {
  const path = fullPathOf(abstraction)
  return isHeld(abstraction)
    ? `${abstraction.type} ${JSON.stringify(abstraction.tag)} on ${path}`
    : `${abstraction.type} ${path}`
}
