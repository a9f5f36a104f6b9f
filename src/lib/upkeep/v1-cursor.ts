import type {JobId} from '../abstraction/job-id.ts'
import {readCursor} from '../abstraction/replication-cursor.ts'
import type {Filter} from '../scope/filter.ts'
import type {DatasetName} from '../zfs/name.ts'
import {type Bookmark, isBookmark, nameOfBookmark, type Version} from '../zfs/version.ts'
import type {Change} from './change.ts'

/** A job that sends, and which filesystems it sends. */
export type SendingJob = {readonly name: JobId; readonly filesystems: Filter}

/** A cursor from before zrepl 0.3. `owner` is set where it has been replaced by one of that job's and can go. */
export type V1Cursor = {readonly cursor: Bookmark; readonly owner: JobId | undefined; readonly change: Change}

/**
 * Judges every v1 cursor in `versions`, by zrepl's rule: it may be destroyed when exactly one push or source job has the
 * filesystem and that job's newest cursor is not older. It names no job itself, so with two it could be either's.
 */
export function judgeV1Cursors(
  versions: ReadonlyMap<DatasetName, readonly Version[]>,
  jobs: readonly SendingJob[],
): readonly V1Cursor[] {
  return Array.from(versions).flatMap(([filesystem, known]) => {
    const bookmarks = known.filter(isBookmark)
    const owners = jobs.filter(({filesystems}) => filesystems.accepts(filesystem)).map(({name}) => name)
    return bookmarks
      .filter((bookmark) => readCursor(bookmark)?.kind === 'v1')
      .map((cursor) => judge(cursor, bookmarks, owners))
  })
}

function judge(cursor: Bookmark, bookmarks: readonly Bookmark[], owners: readonly JobId[]): V1Cursor {
  const what = `destroy ${nameOfBookmark(cursor)}`
  const keep = (state: 'skipped' | 'conflict' | 'failed', because: string): V1Cursor => ({
    cursor,
    owner: undefined,
    change: {what, state, because},
  })
  const [owner, ...others] = owners
  if (owner === undefined) return keep('skipped', 'no push or source job has this filesystem')
  if (others.length > 0) return keep('conflict', `it could be of any of the jobs ${owners.join(', ')}`)

  const newest = bookmarks.filter((bookmark) => isCursorOf(bookmark, owner)).at(-1)
  if (newest === undefined)
    return keep('failed', `job ${owner} has no replication cursor here yet; let it replicate first`)
  if (newest.createtxg < cursor.createtxg)
    return keep(
      'failed',
      `it is newer than the replication cursor of job ${owner}; let that job replicate first`,
    )
  return {
    cursor,
    owner,
    change: {what, state: 'planned', because: `replaced by ${nameOfBookmark(newest)}`},
  }
}

/** Versions come in order of createtxg, so the last of these is the newest. */
function isCursorOf(bookmark: Bookmark, job: JobId): boolean {
  const cursor = readCursor(bookmark)
  return cursor?.kind === 'cursor' && cursor.jobId === job
}
