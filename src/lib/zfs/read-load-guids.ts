import {forEachRow} from './for-each-row.ts'
import {type Guid, parseGuid} from './name.ts'

/** In the order in which they are asked for and printed. */
export const POOL_PROPERTIES = ['load_guid', 'feature@extensible_dataset'] as const

/**
 * Reads what `loadGuidsCommand(pools)` printed, decoded as latin1: the number of its import, of each pool that keeps
 * `snapshots_changed` on disk. Throws `zfs-output` on what is not understood.
 */
export function readLoadGuids(stdout: string, pools: readonly string[]): ReadonlyMap<string, Guid> {
  const guids = new Map<string, Guid>()
  const keeping = new Set<string>()
  forEachRow('zpool get', stdout, 3, ([name = '', property, value = '']) => {
    if (!pools.includes(name)) return 'this pool was not asked for'
    if (property === POOL_PROPERTIES[0] && !guids.has(name)) guids.set(name, parseGuid(value))
    else if (property === POOL_PROPERTIES[1] && !keeping.has(name)) {
      if (value === 'enabled' || value === 'active') keeping.add(name)
    } else return 'this property was not asked for'
    return undefined
  })
  return new Map(Array.from(guids).filter(([name]) => keeping.has(name)))
}
