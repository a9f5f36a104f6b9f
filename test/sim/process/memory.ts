import type {ListQuery, ZfsClient} from '../../../src/lib/zfs/client.ts'
import {isSnapshot} from '../../../src/lib/zfs/version.ts'
import {formatKeptListing, formatNews, parseKeptListing} from '../../../src/lib/zfs-client/kept-listing.ts'
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
    note: (news) => {
      const text = kept.get(host.name)
      if (text !== undefined) kept.set(host.name, text + formatNews(news))
      return undefined
    },
  }
}

/** Tells whenever a client says of versions that are not listed, or not completely, anything but what is on the pool. */
export function watchingMemory(zfs: ZfsClient, {host}: Process, onWrong: (what: string) => void): ZfsClient {
  return {
    ...zfs,
    async list(ctx, query: ListQuery) {
      const listing = await zfs.list(ctx, query)
      for (const name of listing.remembered) {
        const told = (listing.versions.get(name) ?? []).filter(isSnapshot).map(nameAndDate)
        const there = (findDataset(host, name)?.snapshots ?? []).map(nameAndDate)
        if (told.join() !== there.join())
          onWrong(`${name} is remembered with ${told.join(', ')}, but has ${there.join(', ')}`)
      }
      for (const name of listing.uncounted) {
        const dataset = findDataset(host, name)
        const there = [...(dataset?.snapshots ?? []), ...(dataset?.bookmarks ?? [])]
        for (const version of listing.versions.get(name) ?? []) {
          const same = there.find((one) => one.guid === version.guid && one.name === version.name)
          if (same !== undefined && nameAndDate(same) !== nameAndDate(version))
            onWrong(`${name} is told to have ${nameAndDate(version)}, but has ${nameAndDate(same)}`)
        }
      }
      return listing
    },
  }
}

type Dated = {
  readonly name: string
  readonly guid: string
  readonly createtxg: bigint | number
  readonly creation: number
}

function nameAndDate({name, guid, createtxg, creation}: Dated): string {
  return `${name} ${guid} ${createtxg} ${creation}`
}
