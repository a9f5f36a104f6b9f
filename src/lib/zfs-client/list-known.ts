import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {ListQuery} from '../zfs/client.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'
import {type Identity, isSnapshot, nameOfVersion, type Version} from '../zfs/version.ts'
import {type ListedVersions, listIdentitiesOf, listNamed, listVersionsOf} from './list-once.ts'
import type {KeptVersions} from './listing-memory.ts'
import type {RunProgram} from './run-program.ts'

/**
 * The versions of `query`, most of which are `known`: all are listed, and what never changes of them is taken from there.
 * How many holds they have is as it was then. Others are looked at by their names. Throws `zfs-output` where one of these
 * is gone by then.
 */
export async function listKnownOf(
  ctx: RunContext,
  run: RunProgram,
  query: ListQuery,
  known: ReadonlyMap<DatasetName, KeptVersions>,
): Promise<ListedVersions> {
  const {versions: identities, missing} = await listIdentitiesOf(ctx, run, query)
  const recall = createRecall(
    Array.from(identities.keys()).flatMap((name) => known.get(name)?.versions ?? []),
  )
  const strange = Array.from(identities.values()).flatMap((history) => {
    const snapshots = new Set(history.filter(({kind}) => kind === 'snapshot').map(keyOf))
    const isDatedBySnapshot = (one: Identity) => one.kind === 'bookmark' && snapshots.has(keyOf(one))
    return history.filter((one) => recall(one) === undefined && !isDatedBySnapshot(one))
  })
  const total = Array.from(identities.values()).reduce((sum, {length}) => sum + length, 0)
  if (strange.length * 2 > total) return await listVersionsOf(ctx, run, query)

  const looked = await listNamed(ctx, run, strange.map(nameOfVersion))
  const recallLooked = createRecall(Array.from(looked.values()))
  const complete = (one: Identity): Version => {
    const version = recall(one) ?? looked.get(nameOfVersion(one)) ?? recallLooked(one)
    if (version === undefined || !isSameVersion(version, one))
      throw new OperationalError('zfs-output', `${quoted(nameOfVersion(one))} was gone when it was looked at`)
    return version
  }
  const versions = Array.from(identities, ([dataset, history]) => [dataset, history.map(complete)] as const)
  return {versions: new Map(versions), missing}
}

/** Finds what is known of a version. A bookmark has the date of its snapshot; of clones nothing is known. */
function createRecall(versions: readonly Version[]): (one: Identity) => Version | undefined {
  const byGuid = Map.groupBy(versions, ({guid}): Guid => guid)
  return (one) => {
    const alike = byGuid.get(one.guid)?.filter((version) => isAlike(version, one)) ?? []
    const known = alike.find((version) => isSameVersion(version, one))
    if (known !== undefined) return isSnapshot(known) && one.isCloned ? undefined : known
    const [dated] = alike
    if (one.kind === 'snapshot' || dated === undefined) return undefined
    const {filesystem, name, guid, createtxg} = one
    return {kind: 'bookmark', filesystem, name, guid, createtxg, creation: dated.creation}
  }
}

type Same = Pick<Version, 'kind' | 'filesystem' | 'name' | 'guid' | 'createtxg'>

function isSameVersion(a: Same, b: Same): boolean {
  return isAlike(a, b) && a.kind === b.kind && a.name === b.name
}

/** A version of the same moment of the same dataset. */
function isAlike(a: Same, b: Same): boolean {
  return a.guid === b.guid && a.createtxg === b.createtxg && a.filesystem === b.filesystem
}

/** The same for versions of one dataset that are alike. */
function keyOf({guid, createtxg}: Same): string {
  return `${guid} ${createtxg}`
}
