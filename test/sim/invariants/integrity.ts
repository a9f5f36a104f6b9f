import {pairsOf} from '../view.ts'
import type {World} from '../world.ts'
import type {Check} from './check.ts'

/** I4: what has been received is, in name, date and content, what was once taken on the sender under this guid. */
export function integrity(world: World): Check {
  const verified = new Set<string>()
  return {
    invariant: 'I4',
    changedBy: ['receive'],
    after() {
      return pairsOf(world).flatMap(({receiver}) =>
        (receiver?.snapshots ?? []).flatMap((snapshot) => {
          if (verified.has(snapshot.guid)) return []
          verified.add(snapshot.guid)
          const taken = world.nature.taken.get(snapshot.guid)
          if (taken === undefined)
            return [`${receiver?.name}@${snapshot.name} has a guid nobody has ever taken`]
          const same =
            taken.names.includes(snapshot.name) &&
            taken.creation === snapshot.creation &&
            taken.content.join() === snapshot.content.join()
          return same
            ? []
            : [`${receiver?.name}@${snapshot.name} is not what ${taken.names.join(', then ')} was`]
        }),
      )
    },
  }
}

/** I8: a cursor is only made at what the receiver has had, and the newest one never goes back. */
export function cursorTruth(world: World): Check {
  let newest = now()

  function now(): ReadonlyMap<string, number> {
    return new Map(pairsOf(world).map(({name, sender}) => [name, newestCursorTxg(sender.bookmarks)]))
  }

  return {
    invariant: 'I8',
    changedBy: ['bookmark', 'destroy'],
    before({argv, process}) {
      if (argv[0] !== 'bookmark' || !isCursorName(argv[2] ?? '')) return []
      const [dataset = '', short = ''] = (argv[1] ?? '').split(/[@#]/)
      const side = pairsOf(world).find(({name}) => name === dataset)?.sender
      const source = [...(side?.snapshots ?? []), ...(side?.bookmarks ?? [])].find(({name}) => name === short)
      if (process.host !== world.sender || source === undefined || world.received.has(source.guid)) return []
      return [`a cursor is made at ${argv[1]}, which the receiver has never had`]
    },
    after() {
      const before = newest
      newest = now()
      return Array.from(before)
        .filter(([name, createtxg]) => (newest.get(name) ?? 0) < createtxg)
        .map(([name]) => `the newest cursor of ${name} has gone back`)
    },
    accept() {
      newest = now()
    },
  }
}

function newestCursorTxg(bookmarks: readonly {readonly name: string; readonly createtxg: number}[]): number {
  return Math.max(0, ...bookmarks.filter(({name}) => isCursorName(name)).map(({createtxg}) => createtxg))
}

function isCursorName(name: string): boolean {
  return name.includes('zrepl_CURSOR_G_')
}
