import type {ListQuery, ZfsClient} from '../../../src/lib/zfs/client.ts'
import {isSnapshot} from '../../../src/lib/zfs/version.ts'
import {
  formatForgotten,
  formatKeptListing,
  parseKeptListing,
} from '../../../src/lib/zfs-client/kept-listing.ts'
import type {ListingMemory} from '../../../src/lib/zfs-client/listing-memory.ts'
import {findDataset} from '../pool.ts'
import type {World} from '../world.ts'
import type {Process} from './process.ts'

/** The memory of a host, in the text the real one has in its file. The host is never restarted. */
export function createSimulatedMemory({kept, nature}: World, {host}: Process): ListingMemory {
  return {
    readClocks: () => ({wallMs: nature.nowMs + host.skewMs, upMs: nature.nowMs}),
    recall: () => parseKeptListing(kept.get(host.name) ?? ''),
    keep: (listing) => void kept.set(host.name, formatKeptListing(listing)),
    forget: (datasets) => {
      const text = kept.get(host.name)
      if (text !== undefined) kept.set(host.name, text + formatForgotten(datasets))
    },
  }
}

/** Tells whenever a client says of snapshots that are not listed anything but what is on the pool. */
export function watchingMemory(zfs: ZfsClient, {host}: Process, onWrong: (what: string) => void): ZfsClient {
  return {
    ...zfs,
    async list(ctx, query: ListQuery) {
      const listing = await zfs.list(ctx, query)
      for (const name of listing.remembered) {
        const told = (listing.versions.get(name) ?? []).filter(isSnapshot)
        const there = findDataset(host, name)?.snapshots ?? []
        const [a, b] = [
          told.map(({name, guid, createtxg, creation}) => `${name} ${guid} ${createtxg} ${creation}`),
          there.map(({name, guid, createtxg, creation}) => `${name} ${guid} ${createtxg} ${creation}`),
        ]
        if (a.join() !== b.join())
          onWrong(`${name} is remembered with ${a.join(', ')}, but has ${b.join(', ')}`)
      }
      return listing
    },
  }
}
