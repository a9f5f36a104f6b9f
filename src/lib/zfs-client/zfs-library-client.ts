import type {RunContext} from '../core/context.ts'
import type {Hold, JudgedSnapshot, NewBookmark, Outcome, ZfsClient} from '../zfs/client.ts'
import type {BookmarkName, SnapshotName} from '../zfs/name.ts'
import {ERRNO, failureOfErrno} from '../zfs/read-errno.ts'
import {nameOfVersion} from '../zfs/version.ts'
import {createCallDestroyProgram} from './call-destroy-program.ts'
import {DONE, failed} from './command.ts'
import {createDestroyJudged} from './destroy-judged.ts'
import type {Library} from './library.ts'
import {callForAll, type LibraryBatch} from './library-batch.ts'
import {createLibraryStreams} from './library-stream.ts'

/**
 * The client on libzfs_core: streams without a program for each, and for what changes many objects one transaction for all
 * of a pool, and errors that are numbers for each object. Everything else is done by `cli`, and so is every object of
 * which the numbers do not say what became of it: that client looks it up.
 */
export function createZfsLibraryClient(library: Library, cli: ZfsClient): ZfsClient {
  const {call} = library

  async function change<T>(
    ctx: RunContext,
    items: readonly T[],
    batch: LibraryBatch<T>,
    otherwise: (rest: readonly T[]) => Promise<readonly Outcome[]>,
  ): Promise<readonly Outcome[]> {
    const outcomes = new Map(await callForAll(ctx, call, items, batch))
    const rest = items.filter((item) => !outcomes.has(item))
    const others = rest.length === 0 ? [] : await otherwise(rest)
    for (const [index, item] of rest.entries()) outcomes.set(item, others[index] ?? NO_ANSWER)
    return items.map((item) => outcomes.get(item) ?? NO_ANSWER)
  }

  return {
    ...cli,
    ...createLibraryStreams(library, cli),
    hold: (ctx, holds) => change(ctx, holds, HOLD, (rest) => cli.hold(ctx, rest)),
    release: (ctx, holds) => change(ctx, holds, RELEASE, (rest) => cli.release(ctx, rest)),
    bookmark: (ctx, bookmarks) => change(ctx, bookmarks, BOOKMARK, (rest) => cli.bookmark(ctx, rest)),
    destroySnapshots: createDestroyJudged(
      createCallDestroyProgram(call),
      cli.listVersions,
      (ctx, snapshots) =>
        change(ctx, snapshots, DESTROY_SNAPSHOTS, (rest) => cli.destroySnapshots(ctx, rest)),
    ),
    destroyBookmarks: (ctx, bookmarks) =>
      change(ctx, named(bookmarks), DESTROY_BOOKMARKS, (rest) => cli.destroyBookmarks(ctx, names(rest))),
    snapshot: (ctx, snapshots) =>
      change(ctx, named(snapshots), SNAPSHOT, (rest) => cli.snapshot(ctx, names(rest))),
  }
}

const NO_ANSWER: Outcome = {kind: 'failed', failure: {kind: 'unknown', message: 'no answer'}}

const ofHold = ({snapshot, tag}: Hold) => [snapshot, tag] as const

/** A tag that exists makes the kernel set none of them; a snapshot that is missing, only not that one. */
const HOLD: LibraryBatch<Hold> = {
  operation: 'hold',
  objectOf: ofHold,
  settle: (errno) => (errno === ERRNO.exists ? DONE : failedIfMissing(errno)),
}

/** What is missing, snapshot or tag, is not held. */
const RELEASE: LibraryBatch<Hold> = {
  operation: 'release',
  objectOf: ofHold,
  settle: (errno) => (errno === ERRNO.missing ? DONE : undefined),
}

/** A bookmark that exists may be of another snapshot: only a listing tells. */
const BOOKMARK: LibraryBatch<NewBookmark> = {
  operation: 'bookmark',
  objectOf: ({bookmark, source}) => [bookmark, nameOfVersion(source)],
  settle: () => undefined,
}

const DESTROY_BOOKMARKS: LibraryBatch<Named<BookmarkName>> = {
  operation: 'destroy-bookmarks',
  objectOf: ({name}) => [name, ''],
  settle: (errno) => (errno === ERRNO.missing ? DONE : undefined),
}

/** All or none; a clone makes it say that the snapshot exists. Missing ones are ignored. */
const DESTROY_SNAPSHOTS: LibraryBatch<JudgedSnapshot> = {
  operation: 'destroy-snapshots',
  objectOf: ({name}) => [name, ''],
  settle(errno) {
    if (errno === ERRNO.missing) return DONE
    if (errno === ERRNO.busy) return failed(failureOfErrno(errno))
    return errno === ERRNO.exists
      ? failed({kind: 'cloned', message: 'snapshot has dependent clones'})
      : undefined
  },
}

/** One that cannot be taken leaves all of its pool untaken; the words of `zfs` then tell which, and why. */
const SNAPSHOT: LibraryBatch<Named<SnapshotName>> = {
  operation: 'snapshot',
  objectOf: ({name}) => [name, ''],
  settle: () => undefined,
  allOrNone: true,
}

function failedIfMissing(errno: number): Outcome | undefined {
  return errno === ERRNO.missing ? failed(failureOfErrno(errno)) : undefined
}

/** Outcomes are kept by object, so that a name given twice is two of them. */
type Named<Name> = {readonly name: Name}

function named<Name>(all: readonly Name[]): readonly Named<Name>[] {
  return all.map((name) => ({name}))
}

function names<Name>(all: readonly Named<Name>[]): readonly Name[] {
  return all.map(({name}) => name)
}
