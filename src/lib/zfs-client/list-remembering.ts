import {type RunContext, withTask} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {waitForAll} from '../core/wait-for-all.ts'
import {listBookmarksCommand, loadGuidsCommand} from '../zfs/argv.ts'
import type {Listing, ListQuery} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import {type DatasetName, type Guid, poolOf} from '../zfs/name.ts'
import {readLoadGuids} from '../zfs/read-load-guids.ts'
import {byCreatetxg, isSnapshot, type Snapshot, type Version} from '../zfs/version.ts'
import {look, missingOf} from './command.ts'
import {
  type ListedDatasets,
  listDatasets,
  listVersions,
  listVersionsOf,
  lookAtBoth,
  together,
} from './list-once.ts'
import {
  aheadMs,
  type Clocks,
  isSameClock,
  isWorthKeeping,
  type KeptListing,
  type KeptSnapshots,
  type ListingMemory,
  unchangedSince,
} from './listing-memory.ts'
import type {RunProgram} from './run-program.ts'

/**
 * Lists without the snapshots of datasets of which `memory` has them and ZFS proves that they are still the same
 * (docs/decisions/0014), and keeps what it has listed. `undefined` where that cannot be done: then nothing is concluded
 * from anything that was looked at, and everything is to be listed as if there were no memory.
 */
export async function listRemembering(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  memory: ListingMemory,
): Promise<Listing | undefined> {
  const clocks = memory.readClocks()
  const pools = Array.from(new Set(query.roots.map(poolOf)))
  if (clocks === undefined || pools.length === 0 || !query.recursive || query.afresh === true)
    return undefined
  const kept = memory.recall()
  try {
    // First, so that what is kept is never of an earlier import than its number says.
    const loadGuids = await loadGuidsOf(ctx, run, pools)
    const listed = await listAgainst(ctx, run, query, kept, {clocks, loadGuids})
    const after = memory.readClocks()
    // What was listed while the clock was set is not kept, and what was kept has lost its meaning.
    const isSteady = after !== undefined && isSameClock(aheadMs(after), aheadMs(clocks))
    if (listed !== undefined && isSteady) keepListing(memory, kept, listed, {clocks, loadGuids})
    return listed
  } catch (error) {
    if (!(error instanceof OperationalError) || !DOUBTS.has(error.code)) throw error
    ctx.log.of('zfs.cmd').debug('listed without what was remembered', {because: error.message})
    return undefined
  }
}

/** What can be looked at again in another way; whatever stops a run still does. */
const DOUBTS: ReadonlySet<string> = new Set(['zfs-failed', 'zfs-output', 'zfs-missing', 'not-permitted'])

type Circumstances = {readonly clocks: Clocks; readonly loadGuids: ReadonlyMap<string, Guid>}

async function loadGuidsOf(
  ctx: RunContext,
  run: RunProgram,
  pools: readonly string[],
): Promise<ReadonlyMap<string, Guid>> {
  const command = loadGuidsCommand(pools)
  const result = await look(ctx, run, command)
  missingOf(command, result, pools)
  return readLoadGuids(result.stdout, pools)
}

async function listAgainst(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  kept: KeptListing | undefined,
  circumstances: Circumstances,
): Promise<Listing | undefined> {
  if (kept === undefined || !isSameClock(aheadMs(circumstances.clocks), kept.aheadMs))
    return await lookAtBoth(ctx, query, (ctx) => listWithStateIfTold(ctx, run, query), run)

  const listed = await listDatasets(ctx, run, query, {snapshotsState: true})
  const unchanged = unchangedSince(kept, {...circumstances, datasets: listed.datasets})
  const changed = listed.datasets.filter(({name}) => !unchanged.has(name)).map(({name}) => name)
  if (unchanged.size <= changed.length) return together(listed, await listVersionsOf(ctx, run, query))

  const [bookmarks, fresh] = await waitForAll([
    withTask(ctx, 'list-bookmarks', {}, (ctx) => listVersionsOf(ctx, run, query, listBookmarksCommand)),
    withTask(ctx, 'list-changed', {}, (ctx) => listVersions(ctx, run, changed)),
  ])
  if (together(listed, bookmarks) === undefined) return undefined
  const versionsOf = ({name}: Dataset): readonly Version[] | undefined => {
    const known = unchanged.get(name)
    return known === undefined
      ? fresh.get(name)
      : [...known.snapshots, ...(bookmarks.versions.get(name) ?? [])].sort(byCreatetxg)
  }
  const versions = listed.datasets.map((dataset) => [dataset.name, versionsOf(dataset)] as const)
  // One that is gone since it was listed has no versions, not even none.
  if (versions.some(([, versions]) => versions === undefined)) return undefined
  return {
    datasets: listed.datasets,
    versions: new Map(versions.map(([name, versions = []]) => [name, versions])),
    missingRoots: listed.missing,
    remembered: new Set(unchanged.keys()),
  }
}

/** OpenZFS before 2.2 knows no state of snapshots, and says so at once. */
async function listWithStateIfTold(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
): Promise<ListedDatasets> {
  try {
    return await listDatasets(ctx, run, query, {snapshotsState: true})
  } catch (error) {
    if (!(error instanceof OperationalError) || error.code !== 'zfs-failed') throw error
    return await listDatasets(ctx, run, query)
  }
}

/** Keeps what was listed beside what still holds. Nothing is written while nothing new is known. */
function keepListing(
  memory: ListingMemory,
  kept: KeptListing | undefined,
  {datasets, versions, remembered}: Listing,
  {clocks, loadGuids}: Circumstances,
): void {
  const known: [DatasetName, KeptSnapshots][] = []
  let isNew = false
  for (const dataset of datasets) {
    const {name, snapshotsState: state} = dataset
    const before = remembered.has(name) ? kept?.datasets.get(name) : undefined
    const snapshots: readonly Snapshot[] = before?.snapshots ?? (versions.get(name) ?? []).filter(isSnapshot)
    if (state === undefined || !isWorthKeeping(dataset, snapshots, clocks)) continue
    if (before === undefined) isNew = true
    known.push([name, before ?? {state, listedMs: clocks.wallMs, snapshots}])
  }
  if (!isNew) return
  // Small differences must not add up from run to run: as long as anything old holds, it is compared with the old clock.
  const ahead = remembered.size > 0 && kept !== undefined ? kept.aheadMs : aheadMs(clocks)
  memory.keep({aheadMs: ahead, loadGuids, datasets: new Map(known)})
}
