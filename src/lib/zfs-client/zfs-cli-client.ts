import type {ZfsClient} from '../zfs/client.ts'
import {bookmark, destroyBookmarks} from './bookmark.ts'
import {abortReceive, createPlaceholder, rename, setKeyLocation, setPlaceholder} from './dataset.ts'
import {destroySnapshots} from './destroy.ts'
import {estimateDestroy} from './destroy-estimate.ts'
import {createDestroyJudged} from './destroy-judged.ts'
import {hold, release} from './hold.ts'
import {
  list,
  listHolds,
  listMissing,
  listReceived,
  listSnapshots,
  listWritten,
  lookAtKeyLocation,
} from './list.ts'
import {listVersions} from './list-once.ts'
import type {ListingMemory} from './listing-memory.ts'
import {createRunDestroyProgram} from './run-destroy-program.ts'
import type {RunProgram} from './run-program.ts'
import {takeSnapshots} from './snapshot.ts'
import {estimate, receive, send} from './stream.ts'

/**
 * The client on the `zfs` command. Commands run one after the other except for the two of a listing, in an order that
 * depends on the arguments only. A command that fails is not believed: what it was to achieve is looked up.
 * With a `memory`, recursive listings leave out what has not changed since an earlier one.
 */
export function createZfsCliClient(run: RunProgram, memory?: ListingMemory): ZfsClient {
  return {
    list: (ctx, query) => list(ctx, run, query, memory),
    listVersions: (ctx, filesystems) => listVersions(ctx, run, filesystems),
    snapshots: (ctx, names) => listSnapshots(ctx, run, names),
    holds: (ctx, snapshots) => listHolds(ctx, run, snapshots),
    missing: (ctx, datasets) => listMissing(ctx, run, datasets),
    written: (ctx, datasets) => listWritten(ctx, run, datasets),
    received: (ctx, dataset, properties) => listReceived(ctx, run, dataset, properties),
    keyLocation: (ctx, dataset) => lookAtKeyLocation(ctx, run, dataset),
    snapshot: (ctx, snapshots) => takeSnapshots(ctx, run, snapshots),
    hold: (ctx, holds) => hold(ctx, run, holds),
    release: (ctx, holds) => release(ctx, run, holds),
    bookmark: (ctx, bookmarks) => bookmark(ctx, run, bookmarks),
    destroySnapshots: createDestroyJudged(
      createRunDestroyProgram(run),
      (ctx, filesystems) => listVersions(ctx, run, filesystems),
      (ctx, snapshots) =>
        destroySnapshots(
          ctx,
          run,
          snapshots.map(({name}) => name),
        ),
    ),
    destroyBookmarks: (ctx, bookmarks) => destroyBookmarks(ctx, run, bookmarks),
    createPlaceholder: (ctx, dataset, encryption) => createPlaceholder(ctx, run, dataset, encryption),
    setPlaceholder: (ctx, dataset, value) => setPlaceholder(ctx, run, dataset, value),
    setKeyLocation: (ctx, dataset, location) => setKeyLocation(ctx, run, dataset, location),
    rename: (ctx, from, to) => rename(ctx, run, from, to),
    abortReceive: (ctx, dataset) => abortReceive(ctx, run, dataset),
    estimateDestroy: (ctx, snapshots) => estimateDestroy(ctx, run, snapshots),
    estimate: (ctx, args) => estimate(ctx, run, args),
    send: (ctx, args, stream) => send(ctx, run, args, stream),
    receive: (ctx, args, stream) => receive(ctx, run, args, stream),
  }
}
