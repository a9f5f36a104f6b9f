import type {RunContext} from '../core/context.ts'
import {bookmarkCommand, destroyBookmarkCommand} from '../zfs/argv.ts'
import type {NewBookmark, Outcome} from '../zfs/client.ts'
import {type BookmarkName, type DatasetName, datasetOf, shortNameOf} from '../zfs/name.ts'
import type {Version} from '../zfs/version.ts'
import {askAgain, change, DONE, failed, failureOf, succeeded} from './command.ts'
import {listVersions} from './list-once.ts'
import type {RunProgram} from './run-program.ts'

/** One command each. `zfs` says the same of a bookmark that exists whatever it is of, so the listing decides by guid. */
export async function bookmark(
  ctx: RunContext,
  run: RunProgram,
  bookmarks: readonly NewBookmark[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const wanted of bookmarks) {
    const result = await change(ctx, run, bookmarkCommand(wanted))
    outcomes.push(succeeded(result) ? DONE : failed(failureOf(result)))
  }
  return await correctedByListing(
    ctx,
    run,
    bookmarks.map(({bookmark}) => bookmark),
    outcomes,
    (found, index) => {
      return found !== undefined && found.guid === bookmarks[index]?.source.guid
    },
  )
}

/** One command each. A bookmark that is not there is as wished. */
export async function destroyBookmarks(
  ctx: RunContext,
  run: RunProgram,
  bookmarks: readonly BookmarkName[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const name of bookmarks) {
    const result = await change(ctx, run, destroyBookmarkCommand(name))
    outcomes.push(succeeded(result) ? DONE : failed(failureOf(result)))
  }
  return await correctedByListing(ctx, run, bookmarks, outcomes, (found) => found === undefined)
}

/** Looks once at the datasets of all failures: those that are as wished are done. */
async function correctedByListing(
  ctx: RunContext,
  run: RunProgram,
  names: readonly BookmarkName[],
  outcomes: readonly Outcome[],
  asWished: (found: Version | undefined, index: number) => boolean,
): Promise<readonly Outcome[]> {
  const doubtful = names.filter((_, index) => outcomes[index]?.kind === 'failed')
  if (doubtful.length === 0) return outcomes
  const versions = await askAgain(ctx, () =>
    listVersions(ctx, run, Array.from(new Set(doubtful.map(datasetOf)))),
  )
  if (versions === undefined) return outcomes
  return outcomes.map((outcome, index) => {
    const name = names[index]
    if (outcome.kind === 'done' || name === undefined) return outcome
    return asWished(bookmarkIn(versions, name), index) ? DONE : outcome
  })
}

function bookmarkIn(
  versions: ReadonlyMap<DatasetName, readonly Version[]>,
  name: BookmarkName,
): Version | undefined {
  return versions
    .get(datasetOf(name))
    ?.find((version) => version.kind === 'bookmark' && version.name === shortNameOf(name))
}
