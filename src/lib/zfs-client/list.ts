import {type RunContext, withTask} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {waitForAll} from '../core/wait-for-all.ts'
import {
  listDatasetsCommand,
  listHoldsCommand,
  listReceivedCommand,
  listVersionsCommand,
  listWrittenCommand,
} from '../zfs/argv.ts'
import {ARGUMENT_LIMITS, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import type {Listing, ListQuery} from '../zfs/client.ts'
import type {DatasetName, HoldTag, SnapshotName} from '../zfs/name.ts'
import {readHolds} from '../zfs/read-holds.ts'
import {createListReader} from '../zfs/read-list.ts'
import {readProperties} from '../zfs/read-properties.ts'
import {readReceived} from '../zfs/read-received.ts'
import {readWritten} from '../zfs/read-written.ts'
import type {Version} from '../zfs/version.ts'
import {look, missingOf} from './command.ts'
import type {RunProgram} from './run-program.ts'

/** Two commands, whatever the number of datasets, as long as the roots fit into one command line. */
export async function list(ctx: RunContext, run: RunProgram, query: ListQuery): Promise<Listing> {
  const listings = await inChunks(query.roots, (roots) => listChunk(ctx, run, {...query, roots}))
  if (listings.length === 1 && listings[0] !== undefined) return listings[0]
  const datasets = new Map(
    listings.flatMap((listing) => listing.datasets.map((dataset) => [dataset.name, dataset])),
  )
  return {
    datasets: Array.from(datasets.values()),
    versions: new Map(listings.flatMap(({versions}) => Array.from(versions))),
    missingRoots: listings.flatMap(({missingRoots}) => missingRoots),
  }
}

/**
 * Both commands look at once, so a dataset may come or go between them. Where that shows, they look again.
 */
async function listChunk(ctx: RunContext, run: RunProgram, query: ListQuery): Promise<Listing> {
  for (let attempt = 1; ; attempt += 1) {
    const [datasets, versions] = await waitForAll([
      withTask(ctx, 'list-datasets', {}, (ctx) => listDatasets(ctx, run, query)),
      withTask(ctx, 'list-versions', {}, (ctx) => listVersionsOf(ctx, run, query)),
    ])
    const listed = new Set(datasets.datasets.map(({name}) => name))
    const stray = Array.from(versions.versions.keys()).some((dataset) => !listed.has(dataset))
    if (!stray && sameNames(datasets.missing, versions.missing)) {
      return {datasets: datasets.datasets, versions: versions.versions, missingRoots: datasets.missing}
    }
    if (attempt === 2) {
      throw new OperationalError('zfs-failed', 'datasets appear and disappear while they are listed', {
        retryable: true,
      })
    }
  }
}

async function listDatasets(ctx: RunContext, run: RunProgram, query: ListQuery) {
  const command = listDatasetsCommand(query)
  const result = await look(ctx, run, command)
  const missing = missingRootsOf(query, missingOf(command, result, query.roots))
  return {datasets: readProperties(result.stdout, query, missing), missing}
}

async function listVersionsOf(ctx: RunContext, run: RunProgram, query: ListQuery) {
  const command = listVersionsCommand(query)
  const reader = createListReader(query)
  const result = await look(ctx, run, command, reader)
  const missing = missingRootsOf(query, missingOf(command, result, query.roots))
  return {versions: reader.end(), missing}
}

function missingRootsOf({roots}: ListQuery, missing: readonly string[]): readonly DatasetName[] {
  const names = new Set(missing)
  return roots.filter((root) => names.has(root))
}

function sameNames(a: readonly DatasetName[], b: readonly DatasetName[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

/** The versions of exactly these filesystems: an entry, perhaps an empty one, for each that exists. */
export async function listVersions(
  ctx: RunContext,
  run: RunProgram,
  filesystems: readonly DatasetName[],
): Promise<ReadonlyMap<DatasetName, readonly Version[]>> {
  if (filesystems.length === 0) return new Map()
  const answers = await inChunks(filesystems, async (roots) => {
    const {versions, missing} = await listVersionsOf(ctx, run, {roots, recursive: false})
    return roots
      .filter((root) => !missing.includes(root))
      .map((root) => [root, versions.get(root) ?? []] as const)
  })
  return new Map(answers.flat())
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

/** One command after the other over as many names as fit into each; one command when there are none. */
async function inChunks<Name extends string, T>(
  names: readonly Name[],
  work: (chunk: readonly Name[]) => Promise<T>,
): Promise<T[]> {
  if (names.length === 0) return [await work([])]
  const answers: T[] = []
  for (const chunk of chunkByBytes(names, ARGUMENT_LIMITS, (name) => name.length))
    answers.push(await work(chunk))
  return answers
}
