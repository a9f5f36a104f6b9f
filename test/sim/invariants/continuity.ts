import {lastCommon, pairsOf} from '../view.ts'
import type {World} from '../world.ts'
import type {Check} from './check.ts'

/** I1: once the sender can continue from the receiver's newest snapshot, it always can. */
export function continuity(world: World): Check {
  let continuable = now()

  function now(): ReadonlySet<string> {
    return new Set(pairsOf(world).flatMap((pair) => (lastCommon(pair) === undefined ? [] : [pair.name])))
  }

  return {
    invariant: 'I1',
    changedBy: ['destroy', 'program', 'receive', 'release'],
    after() {
      const before = continuable
      continuable = now()
      return Array.from(before)
        .filter((name) => !continuable.has(name))
        .map(
          (name) =>
            `${name} cannot be continued any more: its newest received snapshot is unknown to the sender`,
        )
    },
    accept() {
      continuable = now()
    },
  }
}

/** I1c: a dataset that has a snapshot keeps one. */
export function neverEmpty(world: World): Check {
  let filled = now()

  function now(): ReadonlySet<string> {
    return new Set(
      [world.sender, world.receiver].flatMap((host) =>
        Array.from(host.pools.values()).flatMap(({datasets}) =>
          Array.from(datasets.values())
            .filter(({snapshots}) => snapshots.length > 0)
            .map(({name}) => name),
        ),
      ),
    )
  }

  return {
    invariant: 'I1c',
    changedBy: ['destroy', 'program', 'receive', 'release'],
    after() {
      const before = filled
      filled = now()
      return Array.from(before)
        .filter((name) => !filled.has(name))
        .map((name) => `${name} has lost its last snapshot`)
    },
    accept() {
      filled = now()
    },
  }
}
