import {heldWith, LAST_RECEIVED_TAG, lastCommon, ownBookmarks, type Pair, pairsOf, STEP_TAG} from './view.ts'
import type {World} from './world.ts'

/** What a run that says it is through must have reached: everything sent, nothing half received (I5). */
export function unsent(world: World): readonly string[] {
  return pairsOf(world).flatMap((pair) => {
    const newest = pair.sender.snapshots.at(-1)
    const arrived = newest === undefined || pair.receiver?.snapshots.some(({guid}) => guid === newest.guid)
    return [
      ...(arrived ? [] : [`${pair.name}@${newest.name} is not on the receiver`]),
      ...(pair.receiver?.partial === undefined ? [] : [`${pair.name} has a partial receive`]),
    ]
  })
}

/**
 * I3 after a quiet run: one cursor and one last-received hold at the last common version, and nothing else of ours.
 * A job that guarantees nothing need not have them, but must not have them anywhere else either.
 */
export function leftovers(world: World): readonly string[] {
  const {initial, incremental} = world.options.protection
  const noneIsFine = initial === 'guarantee_nothing' || incremental === 'guarantee_nothing'
  return pairsOf(world).flatMap((pair) => leftoversOf(pair, noneIsFine).map((what) => `${pair.name} ${what}`))
}

function leftoversOf(pair: Pair, noneIsFine: boolean): readonly string[] {
  const {sender, receiver} = pair
  const atCommon = (versions: readonly {guid: string}[]) =>
    versions.length === 0 ? noneIsFine : versions.length === 1 && versions[0]?.guid === common?.guid
  const common = lastCommon(pair)
  const cursors = ownBookmarks(sender, 'cursor')
  const held = receiver === undefined ? [] : heldWith(receiver, LAST_RECEIVED_TAG)
  return [
    ...heldWith(sender, STEP_TAG).map(({name}) => `@${name} has a step hold`),
    ...ownBookmarks(sender, 'tentative').map(({name}) => `has #${name}`),
    ...(atCommon(cursors)
      ? []
      : [`has cursors ${cursors.map(({name}) => name).join(' ')} instead of one at the last common version`]),
    ...(atCommon(held)
      ? []
      : [
          `has last-received holds ${held.map(({name}) => name).join(' ')} instead of one at the last common version`,
        ]),
  ]
}
