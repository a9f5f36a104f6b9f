import {
  type Abstraction,
  type BookmarkAbstraction,
  formatAbstraction,
  type HeldAbstraction,
  isHeld,
} from '../abstraction/abstraction.ts'
import type {RunContext} from '../core/context.ts'
import type {Outcome, ZfsClient} from '../zfs/client.ts'
import {nameOfBookmark, nameOfSnapshot} from '../zfs/version.ts'
import {type Change, changeOf} from './change.ts'

/** An abstraction and what became of it. */
export type Released = {readonly abstraction: Abstraction; readonly change: Change}

/** The order that removes an abstraction. */
export function releaseOrder(abstraction: Abstraction): string {
  return `${isHeld(abstraction) ? 'release' : 'destroy'} ${formatAbstraction(abstraction)}`
}

/** Releases holds and destroys bookmarks, oldest first; one that fails does not stop the others. In the order given. */
export async function releaseAbstractions(
  ctx: RunContext,
  zfs: ZfsClient,
  abstractions: readonly Abstraction[],
): Promise<readonly Released[]> {
  const oldestFirst = abstractions.toSorted(byCreatetxg)
  const holds = oldestFirst.filter(isHeld)
  const bookmarks = oldestFirst.filter((abstraction) => !isHeld(abstraction))
  const outcomes = new Map<Abstraction, Outcome | undefined>([
    ...pair(holds, await release(ctx, zfs, holds)),
    ...pair(bookmarks, await destroy(ctx, zfs, bookmarks)),
  ])
  return abstractions.map((abstraction) => ({
    abstraction,
    change: changeOf(releaseOrder(abstraction), outcomes.get(abstraction)),
  }))
}

/** Pools have nothing to do with each other, so that only the order within each filesystem means anything. */
function byCreatetxg({version: a}: Abstraction, {version: b}: Abstraction): number {
  return a.createtxg < b.createtxg ? -1 : a.createtxg > b.createtxg ? 1 : 0
}

async function release(ctx: RunContext, zfs: ZfsClient, holds: readonly HeldAbstraction[]) {
  if (holds.length === 0) return []
  return await zfs.release(
    ctx,
    holds.map(({version, tag}) => ({snapshot: nameOfSnapshot(version), tag})),
  )
}

async function destroy(ctx: RunContext, zfs: ZfsClient, bookmarks: readonly BookmarkAbstraction[]) {
  if (bookmarks.length === 0) return []
  return await zfs.destroyBookmarks(
    ctx,
    bookmarks.map(({version}) => nameOfBookmark(version)),
  )
}

function pair(
  abstractions: readonly Abstraction[],
  outcomes: readonly Outcome[],
): readonly (readonly [Abstraction, Outcome | undefined])[] {
  return abstractions.map((abstraction, index) => [abstraction, outcomes[index]])
}
