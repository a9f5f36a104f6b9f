import type {Hold, ZfsClient} from '../zfs/client.ts'
import {datasetOf} from '../zfs/name.ts'
import type {ListingMemory} from './listing-memory.ts'

/**
 * The same client, whose changes of holds are not lost on `memory`: nothing ZFS tells of a dataset changes with its holds.
 * A process that is killed in between has forgotten too much, never too little.
 */
export function forgettingHolds(zfs: ZfsClient, memory: ListingMemory): ZfsClient {
  const forget = (holds: readonly Hold[]) =>
    memory.forget(Array.from(new Set(holds.map(({snapshot}) => datasetOf(snapshot)))))
  return {
    ...zfs,
    async hold(ctx, holds) {
      forget(holds)
      return await zfs.hold(ctx, holds)
    },
    async release(ctx, holds) {
      forget(holds)
      return await zfs.release(ctx, holds)
    },
  }
}
