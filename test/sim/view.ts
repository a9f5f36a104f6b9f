import {RECEIVER_JOB, SENDER_JOB} from './jobs.ts'
import {type Bookmark, type Dataset, findDataset, type Snapshot} from './pool.ts'
import {receiverName, selectedDatasets, type World} from './world.ts'

/** One replicated dataset on both sides, as invariants talk about it. */
export type Pair = {
  readonly name: string
  readonly sender: Dataset
  /** `undefined`: the receiver has nothing of it. */
  readonly receiver: Dataset | undefined
}

export const STEP_TAG = `zrepl_STEP_J_${SENDER_JOB}`
export const LAST_RECEIVED_TAG = `zrepl_last_received_J_${RECEIVER_JOB}`

/** The pairs as they are now. Asked for after every command, so the answer is kept until a pool has changed. */
export function pairsOf(world: World): readonly Pair[] {
  const txgs = txgsOf(world)
  const known = KNOWN_PAIRS.get(world)
  if (known?.txgs === txgs) return known.pairs
  const pairs = selectedDatasets(world).flatMap((name) => {
    const sender = findDataset(world.sender, name)
    return sender === undefined
      ? []
      : [{name, sender, receiver: findDataset(world.receiver, receiverName(world, name))}]
  })
  KNOWN_PAIRS.set(world, {txgs, pairs})
  return pairs
}

const KNOWN_PAIRS = new WeakMap<World, {readonly txgs: number; readonly pairs: readonly Pair[]}>()

/** Grows with every change on any pool. */
function txgsOf({sender, receiver}: World): number {
  let sum = 0
  for (const {txg} of sender.pools.values()) sum += txg
  for (const {txg} of receiver.pools.values()) sum += txg
  return sum
}

/** The newest snapshot of the receiver, if the sender can continue from it. */
export function lastCommon({sender, receiver}: Pair): Snapshot | undefined {
  const last = receiver?.snapshots.at(-1)
  return last !== undefined && knows(sender, last.guid) ? last : undefined
}

/** True when a snapshot or bookmark of `dataset` has this guid. */
export function knows({snapshots, bookmarks}: Dataset, guid: string): boolean {
  return snapshots.some((one) => one.guid === guid) || bookmarks.some((one) => one.guid === guid)
}

/** Bookmarks of the sending job at the version their name says, oldest first. Read here anew, not by the program's rules. */
export function ownBookmarks({bookmarks}: Dataset, kind: 'cursor' | 'tentative'): readonly Bookmark[] {
  if (bookmarks.length === 0) return bookmarks
  const prefix = kind === 'cursor' ? 'zrepl_CURSOR_G_' : 'zrepl_CURSORTENTATIVE__G_'
  return bookmarks
    .filter(({name, guid}) => name.startsWith(prefix) && name === `${prefix}${hexOf(guid)}_J_${SENDER_JOB}`)
    .sort((a, b) => a.createtxg - b.createtxg)
}

/** Kept, since it is asked for again and again and a world has few guids. */
function hexOf(guid: string): string {
  const known = HEX.get(guid)
  if (known !== undefined) return known
  if (HEX.size > 10_000) HEX.clear()
  const hex = BigInt(guid).toString(16).padStart(16, '0')
  HEX.set(guid, hex)
  return hex
}

const HEX = new Map<string, string>()

/** The snapshots that carry `tag`. */
export function heldWith(dataset: Dataset, tag: string): readonly Snapshot[] {
  return dataset.snapshots.filter(({holds}) => holds.has(tag))
}
