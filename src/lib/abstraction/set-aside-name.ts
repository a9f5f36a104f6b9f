import {type DatasetName, formatGuidHex, type Guid, parseDatasetName} from '../zfs/name.ts'

/**
 * What a copy is called once it has been set aside. It says which one it was, so that it is never taken twice.
 * Throws `NameError` when that is too long.
 */
export function setAsideName(dataset: DatasetName, newest: Guid): DatasetName {
  return parseDatasetName(`${dataset}_diverged_${formatGuidHex(newest)}`)
}

/** True for what `setAsideName` makes, of whatever copy. */
export function isSetAsideName(dataset: DatasetName): boolean {
  return /_diverged_[0-9a-f]{16}$/.test(dataset)
}
