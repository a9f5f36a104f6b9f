import type {EndpointView, FilesystemView} from '../endpoint/view.ts'
import {type Createtxg, type DatasetName, type Guid, parseCreatetxg, parseGuid} from '../zfs/name.ts'
import type {Snapshot} from '../zfs/version.ts'

/** Guids of predicted snapshots count down from here: a real one may be there with a chance of 2^-64. */
const LAST_GUID = 2n ** 64n - 1n

/** Snapshots that a dry run pretends were taken have a guid in this range; ZFS knows nothing of them. */
const PREDICTED = 100_000n

/** The view as it will be once `name` is taken of these filesystems, for later phases of a dry run. */
export function predictSnapshots(
  view: EndpointView,
  filesystems: readonly DatasetName[],
  name: string,
  nowMs: number,
): EndpointView {
  const due = new Set(filesystems)
  const txg = parseCreatetxg(String(newestTxg(view) + 1n))
  return {
    ...view,
    filesystems: view.filesystems.map((filesystem, index) =>
      due.has(filesystem.filesystem) ? withSnapshot(filesystem, name, guidOf(index), txg, nowMs) : filesystem,
    ),
  }
}

/** True for the guid of a snapshot that does not exist yet. */
export function isPredicted(guid: Guid): boolean {
  return BigInt(guid) > LAST_GUID - PREDICTED
}

function newestTxg({filesystems}: EndpointView): bigint {
  let newest = 0n
  for (const {createtxg} of filesystems.flatMap(({versions}) => versions))
    if (createtxg > newest) newest = createtxg
  return newest
}

function guidOf(index: number): Guid {
  return parseGuid(String(LAST_GUID - (BigInt(index) % PREDICTED)))
}

function withSnapshot(
  view: FilesystemView,
  name: string,
  guid: Guid,
  createtxg: Createtxg,
  nowMs: number,
): FilesystemView {
  const {filesystem} = view
  const creation = Math.floor(nowMs / 1000)
  const snapshot: Snapshot = {kind: 'snapshot', filesystem, name, guid, createtxg, creation, userrefs: 0}
  return {...view, versions: [...view.versions, snapshot]}
}
