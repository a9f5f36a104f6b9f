import {type RunContext, withTask} from '../core/context.ts'
import {waitForAll} from '../core/wait-for-all.ts'
import {listDatasetsCommand, listVersionsCommand, type ZfsCommand} from '../zfs/argv.ts'
import {ARGUMENT_LIMITS, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import type {Listing, ListQuery} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import type {DatasetName} from '../zfs/name.ts'
import {createListReader} from '../zfs/read-list.ts'
import {readProperties} from '../zfs/read-properties.ts'
import type {Version} from '../zfs/version.ts'
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
  return {datasets, versions: versions.versions, missingRoots: missing, remembered: new Set()}
}

export type ListedDatasets = {readonly datasets: readonly Dataset[]; readonly missing: readonly DatasetName[]}
export type ListedVersions = {
  readonly versions: ReadonlyMap<DatasetName, readonly Version[]>
  readonly missing: readonly DatasetName[]
}

/** The datasets of `query`, with the state of their snapshots where that is wanted: OpenZFS before 2.2 then fails. */
export async function listDatasets(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  how: {readonly snapshotsState: boolean} = {snapshotsState: false},
): Promise<ListedDatasets> {
  const command = listDatasetsCommand(query, how)
  const result = await look(ctx, run, command)
  const missing = missingRootsOf(query, missingOf(command, result, query.roots))
  return {datasets: readProperties(result.stdout, query, missing, how), missing}
}

/** What `commandFor(query)` prints. */
export async function listVersionsOf(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  commandFor: (query: ListQuery) => ZfsCommand = listVersionsCommand,
): Promise<ListedVersions> {
  const command = commandFor(query)
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
