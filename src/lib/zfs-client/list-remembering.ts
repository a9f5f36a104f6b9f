import {type RunContext, withTask} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {loadGuidsCommand} from '../zfs/argv.ts'
import type {Listing, ListQuery} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import {type DatasetName, type Guid, poolOf} from '../zfs/name.ts'
import {readLoadGuids} from '../zfs/read-load-guids.ts'
import {byCreatetxg, isSnapshot, type Version} from '../zfs/version.ts'
import {look, missingOf} from './command.ts'
import {listKnownOf} from './list-known.ts'
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
  type Circumstances,
  type Clocks,
  isProof,
  isSameClock,
  type KeptListing,
  type KeptVersions,
  type ListingMemory,
  stillKnown,
  unchangedAmong,
} from './listing-memory.ts'
import type {RunProgram} from './run-program.ts'

/**
 * Lists without the snapshots of datasets of which `memory` has them and ZFS proves that they are still the same; of the
 * others without what never changes of a version that `memory` has (docs/decisions/0014). Keeps what it has listed.
 * `undefined` where that cannot be done: then nothing is concluded from anything that was looked at, and everything is to
 * be listed as if there were no memory.
 */
export async function listRemembering(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  memory: ListingMemory,
): Promise<Listing | undefined> {
  const clocks = memory.readClocks()
  const pools = Array.from(new Set(query.roots.map(poolOf)))
  if (clocks === undefined || pools.length === 0 || !query.recursive) return undefined
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
  const known = stillKnown(kept, circumstances)
  if (known.size === 0)
    return await lookAtBoth(ctx, query, (ctx) => listWithStateIfTold(ctx, run, query), run)

  const listed = await listDatasets(ctx, run, query, {snapshotsState: true, bookmarks: true})
  const unchanged = unchangedAmong(known, listed.datasets, circumstances.clocks)
  const changed = listed.datasets.filter(({name}) => !unchanged.has(name)).map(({name}) => name)
  const isMostlyKnown = changed.filter((name) => known.has(name)).length * 2 > changed.length
  const listOf = (ctx: RunContext) => (query: ListQuery) =>
    isMostlyKnown ? listKnownOf(ctx, run, query, known) : listVersionsOf(ctx, run, query)
  const uncounted = new Set(isMostlyKnown ? listed.datasets.map(({name}) => name) : unchanged.keys())
  if (unchanged.size <= changed.length) {
    const listing = together(listed, await listOf(ctx)(query))
    return listing === undefined ? undefined : {...listing, uncounted}
  }

  const fresh = await withTask(ctx, 'list-changed', {}, (ctx) => listVersions(ctx, run, changed, listOf(ctx)))
  const bookmarks = Map.groupBy(listed.bookmarks, ({filesystem}) => filesystem)
  const versionsOf = ({name}: Dataset): readonly Version[] | undefined => {
    const same = unchanged.get(name)
    return same === undefined
      ? fresh.get(name)
      : [...same.versions.filter(isSnapshot), ...(bookmarks.get(name) ?? [])].sort(byCreatetxg)
  }
  const versions = listed.datasets.map((dataset) => [dataset.name, versionsOf(dataset)] as const)
  // One that is gone since it was listed has no versions, not even none.
  if (versions.some(([, versions]) => versions === undefined)) return undefined
  return {
    datasets: listed.datasets,
    versions: new Map(versions.map(([name, versions = []]) => [name, versions])),
    missingRoots: listed.missing,
    remembered: new Set(unchanged.keys()),
    uncounted,
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
  circumstances: Circumstances,
): void {
  const {clocks, loadGuids} = circumstances
  const known = stillKnown(kept, circumstances)
  const keep: [DatasetName, KeptVersions][] = []
  let isNew = false
  for (const dataset of datasets) {
    const {name} = dataset
    const before = known.get(name)
    if (before !== undefined && remembered.has(name)) {
      keep.push([name, before])
      continue
    }
    const now = keptOf(dataset, versions.get(name) ?? [], before, clocks)
    if (now === undefined) continue
    if (now !== before) isNew = true
    keep.push([name, now])
  }
  if (!isNew) return
  // Small differences must not add up from run to run: as long as anything old holds, it is compared with the old clock.
  const ahead = known.size > 0 && kept !== undefined ? kept.aheadMs : aheadMs(clocks)
  memory.keep({aheadMs: ahead, loadGuids, datasets: new Map(keep)})
}

/** What is to be kept of a dataset that was listed; `before` where that is no news, `undefined` where it is nothing. */
function keptOf(
  {snapshotsState: state}: Dataset,
  listed: readonly Version[],
  before: KeptVersions | undefined,
  clocks: Clocks,
): KeptVersions | undefined {
  // Of what has a clone nothing is kept: it is looked at each time.
  const versions = listed.filter((version) => !isSnapshot(version) || version.clones === undefined)
  if (state === undefined) return undefined
  const proof = isProof(state, listed, clocks) ? state : undefined
  if (proof === undefined && versions.length === 0) return undefined
  const old = new Set(before?.versions)
  const recalled = versions.filter((version) => old.has(version)).length
  if (
    before !== undefined &&
    proof === undefined &&
    before.state === undefined &&
    recalled === versions.length
  )
    return before
  return {
    state: proof,
    sameUntilSeconds: proof?.changedSeconds ?? 0,
    listedMs: before !== undefined && recalled > 0 ? before.listedMs : clocks.wallMs,
    versions,
  }
}
