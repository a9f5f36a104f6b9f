import {
  type DatasetName,
  formatGuidHex,
  type Guid,
  NameError,
  parseDatasetName,
  parseGuidHex,
} from '../zfs/name.ts'

/** A copy that was set aside: the dataset it was, and the guid of what was its newest snapshot. */
export type AsideCopy = {readonly dataset: DatasetName; readonly newest: Guid}

/**
 * What a copy is called once it has been set aside. It says which one it was; `count` tells those from each other that
 * were the same, from 2 on. Throws `NameError` when that is too long.
 */
export function asideName({dataset, newest}: AsideCopy, count = 1): DatasetName {
  const name = `${dataset}_diverged_${formatGuidHex(newest)}`
  return parseDatasetName(count === 1 ? name : `${name}_${count}`)
}

/** Which copy a dataset was, if it has the name of one that was set aside. */
export function readAsideName(name: DatasetName): AsideCopy | undefined {
  const match = /^(.*[^/])_diverged_([0-9a-f]{16})(?:_(?:[2-9]|[1-9][0-9]+))?$/.exec(name)
  if (match === null) return undefined
  const [, dataset = '', hex = ''] = match
  try {
    return {dataset: parseDatasetName(dataset), newest: parseGuidHex(hex)}
  } catch (error) {
    // Anybody can give such a name, also one that no copy ever had.
    if (error instanceof NameError) return undefined
    throw error
  }
}
