import {heldWith, LAST_RECEIVED_TAG, ownBookmarks, type Pair, pairsOf, STEP_TAG} from '../view.ts'
import type {World} from '../world.ts'
import type {Check} from './check.ts'

/** How many of these a dataset may have at any moment: new protection comes before the old goes. */
const LIMITS = {cursors: 3, 'last-received holds': 3} as const

/** New protection is there before the old goes: where the chain was protected once, it is protected ever after. */
export function noGap(world: World): Check {
  let covered = now()

  function now(): ReadonlySet<string> {
    const covered = new Set<string>()
    for (const {name, sender, receiver} of pairsOf(world)) {
      if (ownBookmarks(sender, 'cursor').length > 0) covered.add(`${name} has no cursor any more`)
      if (receiver !== undefined && heldWith(receiver, LAST_RECEIVED_TAG).length > 0)
        covered.add(`${name} has no last-received hold any more`)
    }
    return covered
  }

  return {
    invariant: 'gap',
    changedBy: ['release', 'destroy', 'program'],
    after() {
      const before = covered
      covered = now()
      return Array.from(before).filter((what) => !covered.has(what))
    },
    accept() {
      covered = now()
    },
  }
}

/**
 * I3 while a run is under way. What has to be true after a quiet run is in `quiescence.ts`.
 *
 * A series protects its ends, one more than it has steps; what one that was interrupted has left stays until the next
 * has protected its own. It never has more steps than there ever were snapshots to be sent.
 */
export function noLeak(world: World): Check {
  noteLongest()

  function noteLongest(): void {
    for (const pair of pairsOf(world))
      world.longest.set(pair.name, Math.max(world.longest.get(pair.name) ?? 0, countUnsent(pair)))
  }

  return {
    invariant: 'I3',
    changedBy: ['hold', 'bookmark', 'snapshot'],
    after() {
      noteLongest()
      return pairsOf(world).flatMap((pair) => {
        const ends = 2 * (1 + Math.max(1, world.longest.get(pair.name) ?? 0))
        const counts: readonly (readonly [kind: string, count: number, limit: number])[] = [
          ['step holds', heldWith(pair.sender, STEP_TAG).length, ends],
          ['tentative cursors', ownBookmarks(pair.sender, 'tentative').length, ends],
          ['cursors', ownBookmarks(pair.sender, 'cursor').length, LIMITS.cursors],
          [
            'last-received holds',
            pair.receiver ? heldWith(pair.receiver, LAST_RECEIVED_TAG).length : 0,
            LIMITS['last-received holds'],
          ],
        ]
        return counts
          .filter(([, count, limit]) => count > limit)
          .map(([kind, count]) => `${pair.name} has ${count} ${kind}`)
      })
    },
  }
}

function countUnsent({sender, receiver}: Pair): number {
  const there = new Set(receiver?.snapshots.map(({guid}) => guid))
  return sender.snapshots.filter(({guid}) => !there.has(guid)).length
}
