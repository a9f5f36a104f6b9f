import type {JobId} from '../abstraction/job-id.ts'
import {cursorName, readCursor, tentativeCursorName} from '../abstraction/replication-cursor.ts'
import {stepHoldTag} from '../abstraction/step-hold.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Pace} from '../core/stream.ts'
import type {RetentionFloor, SendPolicy} from '../plan/policy.ts'
import {confineToFilter} from '../scope/confine.ts'
import type {Filter} from '../scope/filter.ts'
import type {Hold, NewBookmark, SendArgs, ZfsClient} from '../zfs/client.ts'
import type {PlannedStream} from '../zfs/judge-stream.ts'
import {bookmarkName, type DatasetName, type Guid, snapshotName} from '../zfs/name.ts'
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
import {checkToken} from './check-token.ts'
import {destroyJudged} from './destroy.ts'
import {estimateDestroys} from './estimate-destroy.ts'
import {createInspector} from './inspector.ts'
import {createKnownPool, firstFailure} from './pool.ts'
import {flagsFor, sendingOf} from './send-policy.ts'
import type {CompleteRequest, Estimate, FromRef, LocalSender, ProtectRequest, SendRequest} from './sender.ts'
import {MAX_STREAMS} from './view.ts'

/** What a job that sends is configured to do. */
export type SenderSettings = {
  readonly jobId: JobId
  readonly filter: Filter
  readonly send: SendPolicy
  readonly floor: RetentionFloor
  /** For all of its streams together; `undefined`: as fast as they go. */
  readonly pace: Pace | undefined
}

/** The sender on this host. It owns the step holds, cursors and tentative cursors of its job, and touches no other's. */
export function createLocalSender(
  zfs: ZfsClient,
  {jobId, filter, send: policy, floor, pace}: SenderSettings,
): LocalSender {
  const pool = createKnownPool(zfs)
  const tag = stepHoldTag(jobId)

  async function findTo(ctx: RunContext, filesystem: DatasetName, guid: Guid): Promise<Snapshot> {
    confineToFilter(filter, filesystem)
    const is = (version: Version): version is Snapshot => isSnapshot(version) && version.guid === guid
    return (await pool.find(ctx, filesystem, is)) ?? gone(filesystem, guid)
  }

  async function findFrom(
    ctx: RunContext,
    filesystem: DatasetName,
    from: FromRef | undefined,
  ): Promise<Version | undefined> {
    if (from === undefined) return undefined
    const is = (version: Version): version is Version =>
      version.kind === from.kind && version.guid === from.guid
    return (await pool.find(ctx, filesystem, is)) ?? gone(filesystem, from.guid)
  }

  async function prepare(
    ctx: RunContext,
    request: SendRequest,
  ): Promise<{readonly args: SendArgs; readonly planned: PlannedStream}> {
    const to = await findTo(ctx, request.filesystem, request.to)
    const from = await findFrom(ctx, request.filesystem, request.from)
    const dataset = (await pool.dataset(ctx, request.filesystem)) ?? gone(request.filesystem, request.to)
    const args = {to, from, flags: flagsFor(policy, dataset), resumeToken: request.resumeToken}
    const raw = dataset.encrypted && args.flags.raw
    checkToken(args, raw)
    return {args, planned: {type: dataset.type, raw, toguid: to.guid, fromguid: from?.guid}}
  }

  async function estimateOf(ctx: RunContext, request: SendRequest): Promise<Estimate> {
    try {
      const {args} = await prepare(ctx, request)
      return {bytes: await zfs.estimate(ctx, args), refusal: undefined}
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      return {
        bytes: undefined,
        refusal: error.hint === undefined ? error.message : `${error.message} (hint: ${error.hint})`,
      }
    }
  }

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
    for (const guid of request.to) to.push(await findTo(ctx, filesystem, guid))
    const from = await findFrom(ctx, filesystem, request.from)
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
    confineToFilter(filter, filesystem)
    const is = (version: Version): version is Version => version.guid === guid
    const to = (await pool.find(ctx, filesystem, is)) ?? gone(filesystem, guid)
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

  function datasetOf(filesystem: DatasetName): DatasetName | undefined {
    return filter.accepts(filesystem) ? filesystem : undefined
  }

  return {
    async observe(ctx, how) {
      const listing = await pool.list(ctx, filter.roots, true, how)
      const datasets = listing.datasets.filter(({name}) => filter.accepts(name))
      const holds = await pool.holds(
        ctx,
        datasets.map(({name}) => name),
      )
      return {
        jobId,
        missing: listing.missingRoots,
        clockMs: ctx.clock.now(),
        maxStreams: MAX_STREAMS,
        filesystems: datasets.map((dataset) => ({
          filesystem: dataset.name,
          type: dataset.type,
          placeholder: dataset.placeholder,
          encrypted: dataset.encrypted,
          sending: sendingOf(policy, dataset),
          resumeToken: undefined,
          versions: pool.versions(dataset.name),
          ...(listing.remembered.has(dataset.name) ? {remembered: true} : {}),
          holds: holds.get(dataset.name) ?? new Map(),
        })),
      }
    },

    async estimate(ctx, requests) {
      const estimates: Estimate[] = []
      for (const request of requests) estimates.push(await estimateOf(ctx, request))
      return estimates
    },

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

    async estimateDestroy(ctx, requests) {
      return await estimateDestroys(ctx, zfs, pool, requests, datasetOf)
    },

    async destroySnapshots(ctx, requests) {
      return await destroyJudged(ctx, zfs, pool, requests, floor, datasetOf)
    },

    async prepareSend(ctx, requests) {
      const prepared: Awaited<ReturnType<typeof prepare>>[] = []
      for (const request of requests) prepared.push(await prepare(ctx, request))
      return async (ctx, sink, began) => {
        for (const [index, {args, planned}] of prepared.entries()) {
          began?.(index)
          const {inspect} = createInspector(planned, (because) => notAsPlanned(args.to, because))
          const outcome = await zfs.send(ctx, args, {sink, inspect, pace})
          if (outcome.kind === 'failed') throw sendError(args.to, outcome.failure)
        }
      }
    },

    async written(ctx, filesystems) {
      for (const filesystem of filesystems) confineToFilter(filter, filesystem)
      return await zfs.written(ctx, filesystems)
    },

    async takeSnapshots(ctx, filesystems, name) {
      for (const filesystem of filesystems) confineToFilter(filter, filesystem)
      return await zfs.snapshot(
        ctx,
        filesystems.map((filesystem) => snapshotName(filesystem, name)),
      )
    },
  }
}

/** What an earlier run of the job has left behind. */
type Stale = {readonly holds: readonly Hold[]; readonly bookmarks: readonly Bookmark[]}

function sendError(
  to: Snapshot,
  {kind, message}: {readonly kind: string; readonly message: string},
): OperationalError {
  const keyMissing = kind === 'key-not-loaded'
  return new OperationalError(
    keyMissing ? 'key-not-loaded' : 'send-failed',
    `cannot send ${quoted(nameOfSnapshot(to))}: ${message}`,
    {
      hint: keyMissing ? `load the key (zfs load-key) or send raw (send.encrypted: true)` : undefined,
    },
  )
}

function notAsPlanned(to: Snapshot, because: string): OperationalError {
  return new OperationalError(
    'send-policy',
    `the stream that zfs send writes for ${quoted(nameOfSnapshot(to))} is not the planned one: ${because}`,
    {hint: 'nothing of it has left this host; run the job again, and report it if it stays so'},
  )
}

function gone(filesystem: DatasetName, guid: Guid): never {
  throw new OperationalError(
    'version-gone',
    `no version with guid ${guid} on ${quoted(filesystem)} any more`,
    {
      hint: 'it was destroyed since the plan was made; the next run plans afresh',
    },
  )
}
