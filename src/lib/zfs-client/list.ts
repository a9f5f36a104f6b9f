import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {keyLocationCommand, listHoldsCommand, listReceivedCommand, listWrittenCommand} from '../zfs/argv.ts'
import type {Listing, ListQuery} from '../zfs/client.ts'
import type {DatasetName, HoldTag, SnapshotName} from '../zfs/name.ts'
import {readHolds} from '../zfs/read-holds.ts'
import {readKeyLocation} from '../zfs/read-key-location.ts'
import {readReceived} from '../zfs/read-received.ts'
import {readWritten} from '../zfs/read-written.ts'
import {isSnapshot, nameOfSnapshot, type Snapshot} from '../zfs/version.ts'
import {look, missingOf} from './command.ts'
import {inChunks, listDatasets, listNamed, lookAtBoth} from './list-once.ts'
import {listRemembering} from './list-remembering.ts'
import type {ListingMemory} from './listing-memory.ts'
import type {RunProgram} from './run-program.ts'

/**
 * Two commands, whatever the number of datasets, as long as the roots fit into one command line; with a memory, up to
 * four, of which none takes longer where there are more snapshots that have not changed.
 */
export async function list(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  memory?: ListingMemory,
): Promise<Listing> {
  const listings = await inChunks(query.roots, async (roots) => {
    const chunk = {...query, roots}
    // A memory holds one listing, and not a part of one.
    const isWhole = roots.length === query.roots.length
    const remembered = memory && isWhole ? await listRemembering(ctx, run, chunk, memory) : undefined
    return remembered ?? (await listChunk(ctx, run, chunk))
  })
  if (listings.length === 1 && listings[0] !== undefined) return listings[0]
  const datasets = new Map(
    listings.flatMap((listing) => listing.datasets.map((dataset) => [dataset.name, dataset])),
  )
  return {
    datasets: Array.from(datasets.values()),
    versions: new Map(listings.flatMap(({versions}) => Array.from(versions))),
    missingRoots: listings.flatMap(({missingRoots}) => missingRoots),
    remembered: new Set(listings.flatMap(({remembered}) => Array.from(remembered))),
    uncounted: new Set(listings.flatMap(({uncounted}) => Array.from(uncounted))),
  }
}

/**
 * Both commands look at once, so a dataset may come or go between them. Where that shows, they look again.
 */
async function listChunk(ctx: RunContext, run: RunProgram, query: ListQuery): Promise<Listing> {
  for (let attempt = 1; ; attempt += 1) {
    const listing = await lookAtBoth(ctx, query, (ctx) => listDatasets(ctx, run, query), run)
    if (listing !== undefined) return listing
    if (attempt === 2) {
      throw new OperationalError('zfs-failed', 'datasets appear and disappear while they are listed', {
        retryable: true,
      })
    }
  }
}

/** These snapshots, of those that exist. ZFS looks at no others. */
export async function listSnapshots(
  ctx: RunContext,
  run: RunProgram,
  names: readonly SnapshotName[],
): Promise<ReadonlyMap<SnapshotName, Snapshot>> {
  const found = await listNamed(ctx, run, names)
  return new Map(
    Array.from(found.values())
      .filter(isSnapshot)
      .map((snapshot) => [nameOfSnapshot(snapshot), snapshot]),
  )
}

/** The holds on these snapshots, of those that have any. */
export async function listHolds(
  ctx: RunContext,
  run: RunProgram,
  snapshots: readonly SnapshotName[],
): Promise<ReadonlyMap<SnapshotName, readonly HoldTag[]>> {
  if (snapshots.length === 0) return new Map()
  const answers = await inChunks(snapshots, async (chunk) => {
    const command = listHoldsCommand(chunk)
    const result = await look(ctx, run, command)
    missingOf(command, result, chunk)
    return Array.from(readHolds(result.stdout, chunk))
  })
  return new Map(answers.flat())
}

/** Which of these datasets do not exist: one command, that looks at no snapshots. */
export async function listMissing(
  ctx: RunContext,
  run: RunProgram,
  datasets: readonly DatasetName[],
): Promise<readonly DatasetName[]> {
  if (datasets.length === 0) return []
  const answers = await inChunks(datasets, (roots) => listDatasets(ctx, run, {roots, recursive: false}))
  return answers.flatMap(({missing}) => missing)
}

/** Bytes written since the newest snapshot of each of these datasets. Missing ones have no entry. */
export async function listWritten(
  ctx: RunContext,
  run: RunProgram,
  datasets: readonly DatasetName[],
): Promise<ReadonlyMap<DatasetName, bigint>> {
  if (datasets.length === 0) return new Map()
  const answers = await inChunks(datasets, async (chunk) => {
    const command = listWrittenCommand(chunk)
    const result = await look(ctx, run, command)
    missingOf(command, result, chunk)
    return Array.from(readWritten(result.stdout, chunk))
  })
  return new Map(answers.flat())
}

/** Which of these properties have a value that came with a stream. */
export async function listReceived(
  ctx: RunContext,
  run: RunProgram,
  dataset: DatasetName,
  properties: readonly string[],
): Promise<readonly string[]> {
  if (properties.length === 0) return []
  const {stdout} = await look(ctx, run, listReceivedCommand(dataset, properties))
  return readReceived(stdout, dataset, properties)
}

/** Where the key of this dataset is fetched from; `undefined` also where there is no such dataset. */
export async function lookAtKeyLocation(
  ctx: RunContext,
  run: RunProgram,
  dataset: DatasetName,
): Promise<string | undefined> {
  const command = keyLocationCommand(dataset)
  const result = await look(ctx, run, command)
  missingOf(command, result, [dataset])
  return readKeyLocation(result.stdout, dataset)
}
