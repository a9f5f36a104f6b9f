import {forEachRow} from './for-each-row.ts'
import type {DatasetName} from './name.ts'

/**
 * Reads what `keyLocationCommand(dataset)` printed, decoded as latin1: where the dataset's own key is fetched from;
 * `undefined` where it has none of its own (zfsprops(7)). Throws `zfs-output` on everything that was not asked for.
 */
export function readKeyLocation(stdout: string, dataset: DatasetName): string | undefined {
  const found: string[] = []
  forEachRow('zfs get', stdout, 3, ([name, property, value = '']) => {
    if (name !== dataset || property !== 'keylocation') return 'this was not asked for'
    if (found.length > 0) return 'listed twice'
    found.push(value)
    return undefined
  })
  const [location] = found
  return location === undefined || location === '-' || location === 'none' ? undefined : location
}
