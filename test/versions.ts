import {type DatasetName, parseCreatetxg, parseDatasetName, parseGuid} from '../src/lib/zfs/name.ts'
import {isSnapshot, type Snapshot, type Version} from '../src/lib/zfs/version.ts'

const FILESYSTEM = parseDatasetName('tank/a')

/**
 * A history in short: `versions('@a,1 #b,2')` is a snapshot `a` with guid 1 and a bookmark `b` with guid 2.
 *
 * Each word is `@name` or `#name`, then `,guid`, then optionally `,createtxg` (else the guid) and `,creation` in
 * seconds (else the createtxg). `@a,1*2` has `userrefs` 2.
 */
export function versions(notation: string, filesystem: DatasetName = FILESYSTEM): readonly Version[] {
  return notation
    .split(' ')
    .filter(Boolean)
    .map((word) => versionOf(word, filesystem))
}

/** The same for snapshots alone. */
export function snapshots(notation: string, filesystem?: DatasetName): readonly Snapshot[] {
  const all = versions(notation, filesystem)
  if (!all.every(isSnapshot)) throw new Error(`not only snapshots: ${notation}`)
  return all
}

function versionOf(word: string, filesystem: DatasetName): Version {
  const match = /^([@#])([^,]+),(\d+)(?:,(\d+))?(?:,(-?\d+))?(?:\*(\d+))?$/.exec(word)
  const [, sign, name, guid, txg, creation, holds] = match ?? []
  if (name === undefined || guid === undefined) throw new Error(`not a version: ${word}`)
  const createtxg = parseCreatetxg(txg ?? guid)
  const common = {filesystem, name, guid: parseGuid(guid), createtxg, creation: Number(creation ?? createtxg)}
  return sign === '@'
    ? {kind: 'snapshot', ...common, userrefs: Number(holds ?? 0)}
    : {kind: 'bookmark', ...common}
}

/** Every sublist of `list`, the empty one first. */
export function sublists<T>(list: readonly T[]): readonly (readonly T[])[] {
  return Array.from({length: 2 ** list.length}, (_, bits) =>
    list.filter((_, index) => (bits & (1 << index)) !== 0),
  )
}
