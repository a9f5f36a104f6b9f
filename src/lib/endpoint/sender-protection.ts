import type {JobId} from '../abstraction/job-id.ts'
import {cursorName, readCursor, tentativeCursorName} from '../abstraction/replication-cursor.ts'
import {stepHoldTag} from '../abstraction/step-hold.ts'
import type {RunContext} from '../core/context.ts'
import type {Hold, NewBookmark} from '../zfs/client.ts'
import {bookmarkName, type DatasetName, snapshotName} from '../zfs/name.ts'
import {
  type Bookmark,
  byCreatetxg,
  isBookmark,
  isSnapshot,
  nameOfBookmark,
  nameOfSnapshot,
  type Snapshot,
  type Version,
} from '../zfs/version.ts'
import {outcomesOf, prepareEach, valuesOf} from './batch.ts'
import type {FindVersion} from './find-version.ts'
import {firstFailure, type KnownPool} from './pool.ts'
import type {CompleteRequest, LocalSender, ProtectRequest} from './sender.ts'

/** The step holds, cursors and tentative cursors of a job on this host. Those of other jobs are not touched. */
export function createSenderProtection(
  pool: KnownPool,
  find: FindVersion,
  jobId: JobId,
): Pick<LocalSender, 'protect' | 'complete'> {
  const tag = stepHoldTag(jobId)

  /**
   * What holds and bookmarks a series of steps still needs, and what runs that were killed have left for others. Each end
   * may be the newest that the receiver has when the series is interrupted, so each is protected. A bookmark cannot be
   * held; it is protected by a second bookmark.
   */
  async function protectionOf(
    ctx: RunContext,
    request: ProtectRequest,
  ): Promise<{holds: Hold[]; bookmarks: NewBookmark[]; stale: Stale}> {
    const {filesystem, protection} = request
    const to: Snapshot[] = []
    for (const guid of request.to) to.push(await find.to(ctx, filesystem, guid))
    const from = await find.from(ctx, filesystem, request.from)
    const ends = protection === 'guarantee_nothing' ? [] : from === undefined ? to : [from, ...to]
    const byHold = protection === 'guarantee_resumability'
    const held = (await pool.holds(ctx, [filesystem])).get(filesystem)
    return {
      holds: ends
        .filter(
          (end): end is Snapshot => byHold && isSnapshot(end) && held?.get(end.name)?.includes(tag) !== true,
        )
        .map((snapshot) => ({snapshot: nameOfSnapshot(snapshot), tag})),
      bookmarks: ends
        .filter((end) => !byHold || (isBookmark(end) && !isOurs(end)))
        .map((source) => ({
          bookmark: bookmarkName(filesystem, tentativeCursorName(source.guid, jobId)),
          source,
        }))
        .filter(
          ({bookmark}) =>
            !pool
              .versions(filesystem)
              .some((known) => isBookmark(known) && nameOfBookmark(known) === bookmark),
        ),
      stale: await staleAround(ctx, filesystem, from, ends),
    }
  }

  /** Of this job on `filesystem`: what protects none of the ends, and cursors that a newer one has replaced. */
  async function staleAround(
    ctx: RunContext,
    filesystem: DatasetName,
    from: Version | undefined,
    ends: readonly Version[],
  ): Promise<Stale> {
    const guids = new Set(ends.map(({guid}) => guid))
    const held = new Set<string>(ends.filter(isSnapshot).map(nameOfSnapshot))
    const ours = pool.versions(filesystem).filter(isBookmark).filter(isOurs)
    const isCursor = (bookmark: Bookmark) => readCursor(bookmark)?.kind === 'cursor'
    const known = ours.filter(
      (bookmark) => isCursor(bookmark) && bookmark.createtxg <= (from?.createtxg ?? 0n),
    )
    const newest = known.toSorted(byCreatetxg).at(-1)
    const isStale = (bookmark: Bookmark) =>
      isCursor(bookmark)
        ? newest !== undefined && bookmark.createtxg < newest.createtxg
        : !guids.has(bookmark.guid)
    return {
      bookmarks: ours.filter((bookmark) => isStale(bookmark) && bookmark.name !== from?.name),
      holds: (await stepHolds(ctx, filesystem)).filter(({snapshot}) => !held.has(snapshot)),
    }
  }

  /** The cursor at `to`, if it is not there yet, and everything of this job on this filesystem that it replaces. */
  async function completionOf(ctx: RunContext, {filesystem, to: guid, protection}: CompleteRequest) {
    const to = await find.any(ctx, filesystem, guid)
    const known = pool.versions(filesystem)
    const name = protection === 'guarantee_nothing' ? undefined : cursorName(to.guid, jobId)
    const exists = known.some((version) => isBookmark(version) && version.name === name)
    const source = known.find((version) => isSnapshot(version) && version.guid === guid) ?? to
    return {
      cursor: name === undefined || exists ? undefined : {bookmark: bookmarkName(filesystem, name), source},
      bookmarks: known.filter(isBookmark).filter((bookmark) => isReplaced(bookmark, to, name)),
      holds: await stepHolds(ctx, filesystem),
    }
  }

  /** Untidy, but harmless where it fails: the next run tries again. */
  async function sweep(ctx: RunContext, stale: readonly Stale[]): Promise<void> {
    const bookmarks = stale.flatMap(({bookmarks}) => bookmarks).map(nameOfBookmark)
    const holds = stale.flatMap(({holds}) => holds)
    const outcomes = [...(await pool.destroyBookmarks(ctx, bookmarks)), ...(await pool.release(ctx, holds))]
    for (const [index, name] of [...bookmarks, ...holds.map(({snapshot}) => snapshot)].entries()) {
      const outcome = outcomes[index]
      if (outcome?.kind === 'failed')
        ctx.log
          .of('endpoint')
          .warn('cannot remove what an earlier run left', {name, error: outcome.failure.message})
    }
  }

  async function stepHolds(ctx: RunContext, filesystem: DatasetName): Promise<readonly Hold[]> {
    const byName = (await pool.holds(ctx, [filesystem])).get(filesystem) ?? new Map()
    return Array.from(byName).flatMap(([name, tags]) =>
      tags.includes(tag) ? [{snapshot: snapshotName(filesystem, name), tag}] : [],
    )
  }

  /**
   * A cursor newer than `to` stays: the receiver was restored from an older state and catches up, and until it has, the
   * newer cursor may be all that the sender can go on from. Guaranteeing nothing keeps none.
   */
  function isReplaced(bookmark: Bookmark, to: Version, cursor: string | undefined): boolean {
    if (!isOurs(bookmark) || bookmark.name === cursor) return false
    return (
      cursor === undefined || readCursor(bookmark)?.kind === 'tentative' || bookmark.createtxg < to.createtxg
    )
  }

  function isOurs(bookmark: Bookmark): boolean {
    const cursor = readCursor(bookmark)
    return (cursor?.kind === 'cursor' || cursor?.kind === 'tentative') && cursor.jobId === jobId
  }

  return {
    async protect(ctx, requests) {
      const prepared = await prepareEach(requests, (request) => protectionOf(ctx, request))
      const holds = valuesOf(prepared).flatMap(({holds}) => holds)
      const held = outcomesOf(holds, await pool.hold(ctx, holds))
      const bookmarks = valuesOf(prepared).flatMap(({bookmarks}) => bookmarks)
      const made = outcomesOf(bookmarks, await pool.bookmark(ctx, bookmarks))
      const isProtected = ({holds, bookmarks}: {holds: readonly Hold[]; bookmarks: readonly NewBookmark[]}) =>
        firstFailure([...holds.map(held), ...bookmarks.map(made)]).kind === 'done'
      await sweep(
        ctx,
        valuesOf(prepared)
          .filter(isProtected)
          .map(({stale}) => stale),
      )
      return prepared.map((one) =>
        'failed' in one
          ? one.failed
          : firstFailure([...one.value.holds.map(held), ...one.value.bookmarks.map(made)]),
      )
    },

    async complete(ctx, requests) {
      const prepared = await prepareEach(requests, (request) => completionOf(ctx, request))
      const cursors = valuesOf(prepared).flatMap(({cursor}) => cursor ?? [])
      const made = outcomesOf(cursors, await pool.bookmark(ctx, cursors))

      // The old protection goes only where the new cursor is known to be there.
      const moved = valuesOf(prepared).filter(
        ({cursor}) => cursor === undefined || made(cursor).kind === 'done',
      )
      const obsolete = moved.flatMap(({bookmarks}) => bookmarks)
      const destroyed = outcomesOf(obsolete, await pool.destroyBookmarks(ctx, obsolete.map(nameOfBookmark)))
      const holds = moved.flatMap(({holds}) => holds)
      const released = outcomesOf(holds, await pool.release(ctx, holds))

      return prepared.map((one) => {
        if ('failed' in one) return one.failed
        const cursor = one.value.cursor === undefined ? [] : [made(one.value.cursor)]
        if (firstFailure(cursor).kind === 'failed') return firstFailure(cursor)
        return firstFailure([...one.value.bookmarks.map(destroyed), ...one.value.holds.map(released)])
      })
    },
  }
}

/** What an earlier run of the job has left behind. */
type Stale = {readonly holds: readonly Hold[]; readonly bookmarks: readonly Bookmark[]}
