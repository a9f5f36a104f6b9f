import {type RunContext, withTask} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {waitForAll} from '../core/wait-for-all.ts'
import {
  listDatasetsCommand,
  listIdentitiesCommand,
  listNamedCommand,
  listVersionsCommand,
  type ZfsCommand,
} from '../zfs/argv.ts'
import {ARGUMENT_LIMITS, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import type {Listing, ListQuery} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import {type BookmarkName, type DatasetName, datasetOf, type SnapshotName} from '../zfs/name.ts'
import {createIdentityReader, createListReader, type ListReader} from '../zfs/read-list.ts'
import {type AlsoAsked, readProperties} from '../zfs/read-properties.ts'
import {type Bookmark, type Identity, nameOfVersion, type Version} from '../zfs/version.ts'
import {look, missingOf} from './command.ts'
import type {RunProgram} from './run-program.ts'

/** One listing by two commands at once; `undefined` where they have not seen the same datasets. */
export async function lookAtBoth(
  ctx: RunContext,
  query: ListQuery,
  datasets: (ctx: RunContext) => Promise<ListedDatasets>,
  run: RunProgram,
): Promise<Listing | undefined> {
  const [listed, versions] = await waitForAll([
    withTask(ctx, 'list-datasets', {}, datasets),
    withTask(ctx, 'list-versions', {}, (ctx) => listVersionsOf(ctx, run, query)),
  ])
  return together(listed, versions)
}

/** One listing of what was looked at with two commands; `undefined` where they have not seen the same datasets. */
export function together({datasets, missing}: ListedDatasets, versions: ListedVersions): Listing | undefined {
  const listed = new Set(datasets.map(({name}) => name))
  const stray = Array.from(versions.versions.keys()).some((dataset) => !listed.has(dataset))
  if (stray || !sameNames(missing, versions.missing)) return undefined
  return {
    datasets,
    versions: versions.versions,
    missingRoots: missing,
    remembered: new Set(),
    uncounted: new Set(),
  }
}

export type ListedDatasets = {
  readonly datasets: readonly Dataset[]
  /** None unless they were asked for. */
  readonly bookmarks: readonly Bookmark[]
  readonly missing: readonly DatasetName[]
}
export type ListedVersions<T = Version> = {
  readonly versions: ReadonlyMap<DatasetName, readonly T[]>
  readonly missing: readonly DatasetName[]
}

/** The datasets of `query`. OpenZFS before 2.2 fails where the state of their snapshots is wanted. */
export async function listDatasets(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  how: AlsoAsked = {snapshotsState: false},
): Promise<ListedDatasets> {
  const command = listDatasetsCommand(query, how)
  const result = await look(ctx, run, command)
  const missing = missingRootsOf(query, missingOf(command, result, query.roots))
  return {...readProperties(result.stdout, query, missing, how), missing}
}

/** The versions of `query`. */
export async function listVersionsOf(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
): Promise<ListedVersions> {
  return await readListing(ctx, run, query, listVersionsCommand(query), createListReader(query))
}

/** The same versions, with what ZFS tells of them without opening them. */
export async function listIdentitiesOf(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
): Promise<ListedVersions<Identity>> {
  return await readListing(ctx, run, query, listIdentitiesCommand(query), createIdentityReader(query))
}

async function readListing<T>(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  command: ZfsCommand,
  reader: ListReader<T>,
): Promise<ListedVersions<T>> {
  const result = await look(ctx, run, command, reader)
  const missing = missingRootsOf(query, missingOf(command, result, query.roots))
  return {versions: reader.end(), missing}
}

/** These snapshots and bookmarks, of those that exist. ZFS looks at no others. */
export async function listNamed(
  ctx: RunContext,
  run: RunProgram,
  names: readonly (SnapshotName | BookmarkName)[],
): Promise<ReadonlyMap<string, Version>> {
  if (names.length === 0) return new Map()
  const answers = await inChunks(names, async (chunk) => {
    const command = listNamedCommand(chunk)
    const reader = createListReader({roots: Array.from(new Set(chunk.map(datasetOf))), recursive: false})
    missingOf(command, await look(ctx, run, command, reader), chunk)
    const asked = new Set<string>(chunk)
    return Array.from(reader.end().values())
      .flat()
      .map((version) => {
        const name = nameOfVersion(version)
        if (!asked.has(name))
          throw new OperationalError(
            'zfs-output',
            `zfs list printed ${quoted(name)}, which was not asked for`,
          )
        return [name, version] as const
      })
  })
  return new Map(answers.flat())
}

function missingRootsOf({roots}: ListQuery, missing: readonly string[]): readonly DatasetName[] {
  const names = new Set(missing)
  return roots.filter((root) => names.has(root))
}

function sameNames(a: readonly DatasetName[], b: readonly DatasetName[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

/**
 * The versions of exactly these filesystems: an entry, perhaps an empty one, for each that exists. `listOf` lists those of
 * a query.
 */
export async function listVersions(
  ctx: RunContext,
  run: RunProgram,
  filesystems: readonly DatasetName[],
  listOf: (query: ListQuery) => Promise<ListedVersions> = (query) => listVersionsOf(ctx, run, query),
): Promise<ReadonlyMap<DatasetName, readonly Version[]>> {
  if (filesystems.length === 0) return new Map()
  const answers = await inChunks(filesystems, async (roots) => {
    const {versions, missing} = await listOf({roots, recursive: false})
    return roots
      .filter((root) => !missing.includes(root))
      .map((root) => [root, versions.get(root) ?? []] as const)
  })
  return new Map(answers.flat())
}

/** One command after the other over as many names as fit into each; one command when there are none. */
export async function inChunks<Name extends string, T>(
  names: readonly Name[],
  work: (chunk: readonly Name[]) => Promise<T>,
): Promise<T[]> {
  if (names.length === 0) return [await work([])]
  const answers: T[] = []
  for (const chunk of chunkByBytes(names, ARGUMENT_LIMITS, (name) => name.length))
    answers.push(await work(chunk))
  return answers
}
