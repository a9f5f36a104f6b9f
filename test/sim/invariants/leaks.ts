import {heldWith, LAST_RECEIVED_TAG, ownBookmarks, pairsOf, STEP_TAG} from '../view.ts'
import type {World} from '../world.ts'
import type {Check} from './check.ts'

/** How many of our holds and bookmarks a dataset may have at any moment: new protection comes before the old goes. */
const LIMITS = {'step holds': 4, 'tentative cursors': 4, cursors: 3, 'last-received holds': 3} as const

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

/** I3 while a run is under way. What has to be true after a quiet run is in `quiescence.ts`. */
export function noLeak(world: World): Check {
  return {
    invariant: 'I3',
    changedBy: ['hold', 'bookmark'],
    after() {
      return pairsOf(world).flatMap((pair) => {
        const counts: Readonly<Record<keyof typeof LIMITS, number>> = {
          'step holds': heldWith(pair.sender, STEP_TAG).length,
          'tentative cursors': ownBookmarks(pair.sender, 'tentative').length,
          cursors: ownBookmarks(pair.sender, 'cursor').length,
          'last-received holds': pair.receiver ? heldWith(pair.receiver, LAST_RECEIVED_TAG).length : 0,
        }
        return (Object.keys(LIMITS) as (keyof typeof LIMITS)[])
          .filter((kind) => counts[kind] > LIMITS[kind])
          .map((kind) => `${pair.name} has ${counts[kind]} ${kind}`)
      })
    },
  }
}
