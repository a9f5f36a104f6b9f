import {
  type Abstraction,
  type AbstractionType,
  formatAbstraction,
  fullPathOf,
  isHeld,
} from '../abstraction/abstraction.ts'
import type {JobId} from '../abstraction/job-id.ts'
import {lastReceivedHoldTag} from '../abstraction/last-received-hold.ts'
import {cursorName, tentativeCursorName} from '../abstraction/replication-cursor.ts'
import {stepHoldTag} from '../abstraction/step-hold.ts'
import {assert} from '../core/assert.ts'
import type {RunContext} from '../core/context.ts'
import type {Hold, NewBookmark, Outcome, ZfsClient} from '../zfs/client.ts'
import {bookmarkName, type DatasetName, NameError} from '../zfs/name.ts'
import {nameOfSnapshot} from '../zfs/version.ts'
import {type Change, changeOf} from './change.ts'
import {releaseAbstractions, releaseOrder} from './release-abstractions.ts'

/** An abstraction and what stands in for it under the new name. */
export type Renaming = {readonly old: Abstraction; readonly successor: Hold | NewBookmark}

/** What a renaming would do, and what it leaves because it must not or need not be renamed. */
export type RenamePlan = {readonly renamings: readonly Renaming[]; readonly left: readonly Change[]}

/**
 * Plans to give what job `from` has left to job `to`. `abstractions` are those of both jobs.
 *
 * A filesystem on which `to` has a newer cursor or last-received hold than `from` is left alone: `to` has gone on
 * without this, and what `from` has there is stale. Killed half-way, both have the same, so that a second try goes on.
 */
export function planRename(abstractions: readonly Abstraction[], from: JobId, to: JobId): RenamePlan {
  const renamings: Renaming[] = []
  const left: Change[] = []
  for (const [filesystem, group] of Map.groupBy(abstractions, ({version}) => version.filesystem)) {
    const old = group.filter(({jobId}) => jobId === from)
    if (old.length === 0) continue
    const problem = problemOf(filesystem, group, from, to)
    if (problem === undefined) {
      for (const abstraction of old) {
        const successor = successorOf(abstraction, to)
        if (successor === undefined) left.push(unrenamed(abstraction))
        else renamings.push({old: abstraction, successor})
      }
    } else left.push({what: `rename what job ${from} has left on ${filesystem}`, ...problem})
  }
  return {renamings, left}
}

/** The order that renames an abstraction, for people. */
export function renameOrder({old, successor}: Renaming): string {
  const made =
    'tag' in successor ? `hold ${fullPathOf(old)} as ${successor.tag}` : `bookmark ${successor.bookmark}`
  return `${made}, then ${releaseOrder(old)}`
}

/**
 * Carries renamings out. Everything new is there before anything old goes, and an old one goes only when its successor
 * is there; the newest go last. So a kill at any instant loses nothing, and the next try finishes.
 */
export async function renameAbstractions(
  ctx: RunContext,
  zfs: ZfsClient,
  renamings: readonly Renaming[],
): Promise<readonly Change[]> {
  const made = await makeSuccessors(ctx, zfs, renamings)
  const ready = renamings.filter((renaming) => made.get(renaming)?.kind === 'done')
  const released = await releaseAbstractions(
    ctx,
    zfs,
    ready.map(({old}) => old),
  )
  const changeOfOld = new Map(released.map(({abstraction, change}) => [abstraction, change]))
  return renamings.map((renaming) => {
    const ended = changeOfOld.get(renaming.old) ?? changeOf('', made.get(renaming))
    return {...ended, what: renameOrder(renaming)}
  })
}

async function makeSuccessors(
  ctx: RunContext,
  zfs: ZfsClient,
  renamings: readonly Renaming[],
): Promise<ReadonlyMap<Renaming, Outcome | undefined>> {
  const holds = renamings.flatMap((renaming) =>
    'tag' in renaming.successor ? [{renaming, hold: renaming.successor}] : [],
  )
  const bookmarks = renamings.flatMap((renaming) =>
    'tag' in renaming.successor ? [] : [{renaming, bookmark: renaming.successor}],
  )
  const held = await zfs.hold(
    ctx,
    holds.map(({hold}) => hold),
  )
  const made = await zfs.bookmark(
    ctx,
    bookmarks.map(({bookmark}) => bookmark),
  )
  return new Map([
    ...holds.map(({renaming}, index) => [renaming, held[index]] as const),
    ...bookmarks.map(({renaming}, index) => [renaming, made[index]] as const),
  ])
}

/** Why nothing on this filesystem may be renamed. */
function problemOf(
  filesystem: DatasetName,
  group: readonly Abstraction[],
  from: JobId,
  to: JobId,
): Pick<Change, 'state' | 'because'> | undefined {
  const overtaken = CONFIRMING.find((type) => {
    const [old, current] = [newest(group, type, from), newest(group, type, to)]
    return old !== undefined && current !== undefined && current > old
  })
  if (overtaken !== undefined) {
    return {
      state: 'conflict',
      because: `job ${to} has a newer ${overtaken} there; drop the old ones with: zfs-abstraction release-all --job ${from} --fs ${filesystem}`,
    }
  }
  try {
    for (const abstraction of group) if (abstraction.jobId === from) successorOf(abstraction, to)
    return undefined
  } catch (error) {
    if (error instanceof NameError) return {state: 'failed', because: error.message}
    throw error
  }
}

/** The types by which a job knows what has arrived. */
const CONFIRMING: readonly AbstractionType[] = ['replication-cursor-bookmark-v2', 'last-received-hold']

function newest(group: readonly Abstraction[], type: AbstractionType, job: JobId): bigint | undefined {
  return group
    .filter((abstraction) => abstraction.type === type && abstraction.jobId === job)
    .map(({version}) => version.createtxg)
    .reduce<bigint | undefined>(
      (max, createtxg) => (max === undefined || createtxg > max ? createtxg : max),
      undefined,
    )
}

/** `undefined` for what no job uses any more. Throws `NameError` where the new name does not fit. */
function successorOf(abstraction: Abstraction, to: JobId): Hold | NewBookmark | undefined {
  if (isHeld(abstraction)) {
    const tag = abstraction.type === 'step-hold' ? stepHoldTag(to) : lastReceivedHoldTag(to)
    return {snapshot: nameOfSnapshot(abstraction.version), tag}
  }
  const {type, version} = abstraction
  switch (type) {
    case 'replication-cursor-bookmark-v2':
      return {bookmark: bookmarkName(version.filesystem, cursorName(version.guid, to)), source: version}
    case 'tentative-replication-cursor-bookmark-v2':
      return {
        bookmark: bookmarkName(version.filesystem, tentativeCursorName(version.guid, to)),
        source: version,
      }
    case 'step-bookmark':
      return undefined
    case 'replication-cursor-bookmark-v1':
      assert(false, 'a v1 cursor names no job')
  }
}

function unrenamed(abstraction: Abstraction): Change {
  return {
    what: `rename ${formatAbstraction(abstraction)}`,
    state: 'skipped',
    because: 'only release candidates of zrepl 0.3 used it; it is of no use under any name',
  }
}
