import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {jobsOf, KEPT} from '../jobs.ts'
import {type Dataset, findDataset, findPool, findSnapshot, type Snapshot} from '../pool.ts'
import type {Entry} from '../process/entry.ts'
import {heldWith, lastCommon, ownBookmarks, type Pair, pairsOf} from '../view.ts'
import {baseOf, type World} from '../world.ts'
import type {Check} from './check.ts'
import {destroyedBy} from './targets.ts'

/**
 * I1b: what the chain hangs on is not even named in a destroy. On the receiver: its newest common snapshot, the base of
 * a partial receive, and where the cursor stands. On the sender a bookmark may replace a snapshot, but not what is
 * being sent; and of a bookmark the last of its guid may go only when nothing hangs on it.
 *
 * Of several cursors only the newest protects: an older one is what completing a step destroys.
 */
export function noDestroyOfProtected(world: World): Check {
  const live = new Map<Entry, ReadonlySet<string>>()
  return {
    invariant: 'I1b',
    before(entry) {
      for (const other of live.keys()) if (other.isOver) live.delete(other)
      if (entry.stream === 'out') live.set(entry, endsOf(world, entry))
      const {snapshots, bookmarks} = destroyedBy(entry.process.host, entry.argv)
      if (snapshots.length + bookmarks.length === 0) return []
      const onSender = entry.process.host === world.sender
      const streaming = new Set(Array.from(live.values()).flatMap((guids) => Array.from(guids)))
      return pairsOf(world).flatMap((pair) => {
        const side = onSender ? pair.sender : pair.receiver
        if (side === undefined) return []
        const prot = protectedGuids(pair, streaming)
        const sendable = new Set([pair.receiver?.partial?.toguid, ...streaming])
        return [
          ...named(side, snapshots, '@')
            .filter(({guid}) => prot.has(guid))
            .filter(
              ({guid}) => !onSender || sendable.has(guid) || !side.bookmarks.some((b) => b.guid === guid),
            )
            .map(({name, guid}) => `${side.name}@${name} (${guid}) is needed`),
          ...named(side, bookmarks, '#')
            .filter(({guid}) => prot.has(guid))
            .filter(({guid, name}) => !remains(side, guid, name))
            .map(({name, guid}) => `${side.name}#${name} (${guid}) is the last of a version that is needed`),
        ]
      })
    },
  }
}

function endsOf(world: World, {argv}: Entry): ReadonlySet<string> {
  const base = argv[argv.indexOf('-i') + 1]
  const names = argv.includes('-i') ? [base ?? '', argv.at(-1) ?? ''] : [argv.at(-1) ?? '']
  return new Set(names.flatMap((name) => findSnapshot(world.sender, name)?.guid ?? []))
}

function protectedGuids(pair: Pair, streaming: ReadonlySet<string>): ReadonlySet<string | undefined> {
  const {partial} = pair.receiver ?? {}
  return new Set([
    lastCommon(pair)?.guid,
    partial?.toguid,
    partial?.fromguid,
    ownBookmarks(pair.sender, 'cursor').at(-1)?.guid,
    ...streaming,
  ])
}

function named(side: Dataset, names: readonly string[], delimiter: '@' | '#') {
  const versions = delimiter === '@' ? side.snapshots : side.bookmarks
  return versions.filter(({name}) => names.includes(`${side.name}${delimiter}${name}`))
}

function remains({snapshots, bookmarks}: Dataset, guid: string, name: string): boolean {
  return (
    snapshots.some((snapshot) => snapshot.guid === guid) ||
    bookmarks.some((bookmark) => bookmark.guid === guid && bookmark.name !== name)
  )
}

/**
 * I9: pruning names only what the rules let go, nothing held, cloned or deferred, and nothing that is still unsent; of a copy
 * whose dataset the job does not select on the sender or does not find there, only what is gone.
 */
export function pruneSoundness(world: World): Check {
  return {
    invariant: 'I9',
    before({argv, process}) {
      const {snapshots: names} = destroyedBy(process.host, argv)
      const onSender = process.host === world.sender
      return names.flatMap((full) => {
        const dataset = findDataset(process.host, full.split('@')[0] ?? '')
        const snapshot = dataset?.snapshots.find(({name}) => full === `${dataset.name}@${name}`)
        if (dataset === undefined || snapshot === undefined) return []
        const pair = pairsOf(world).find(({sender, receiver}) => sender === dataset || receiver === dataset)
        const reasons = [
          ...reasonsToKeep(dataset, snapshot, onSender, pair),
          ...(onSender ? [] : notGone(world, dataset)),
        ]
        return reasons.map((reason) => `${full} ${reason}`)
      })
    },
  }
}

function reasonsToKeep(
  dataset: Dataset,
  snapshot: Snapshot,
  onSender: boolean,
  pair: Pair | undefined,
): readonly string[] {
  const count = onSender ? KEPT.sender : KEPT.receiver
  const common = pair && commonOnSender(pair)
  const unsent = onSender && (common === undefined || snapshot.createtxg > common.createtxg)
  return [
    ...(snapshot.holds.size > 0 ? [`is held by ${Array.from(snapshot.holds.keys()).join(', ')}`] : []),
    ...(snapshot.deferDestroy ? ['is to be destroyed by somebody else'] : []),
    ...(newestByDate(dataset, count).includes(snapshot) ? [`is among the newest ${count}`] : []),
    ...(unsent ? ['is not replicated'] : []),
  ]
}

/** What speaks against it that the dataset of a copy does not exist any more. */
function notGone({options, sender}: World, copy: Dataset): readonly string[] {
  const jobs = Object.values(jobsOf(options))
  const receiving = jobs.find((job) => 'rootFs' in job)?.name
  const name = parseDatasetName(copy.name.slice(baseOf(options).length + 1))
  const source = findDataset(sender, name)
  const isShown = jobs.some((job) => 'filesystems' in job && job.filesystems.accepts(name))
  if (source !== undefined && isShown) return []
  return [
    ...(source === undefined ? [] : ['is of a dataset that is still on the sender']),
    ...(findPool(sender, name) === undefined ? ['is of a dataset whose pool is away'] : []),
    ...(heldWith(copy, `zrepl_last_received_J_${receiving}`).length > 0
      ? []
      : ['was received by another job']),
    ...(/_diverged_[0-9a-f]{16}$/.test(name) ? ['was set aside'] : []),
  ]
}

/** As zrepl means `last_n`: the clock counts, and for one second the name. */
function newestByDate({snapshots}: Dataset, count: number): readonly Snapshot[] {
  return snapshots.toSorted((a, b) => b.creation - a.creation || (a.name < b.name ? 1 : -1)).slice(0, count)
}

/** The sender's version of the newest snapshot both sides have. */
function commonOnSender({sender, receiver}: Pair): {readonly createtxg: number} | undefined {
  const ours = [...sender.snapshots, ...sender.bookmarks]
  const last = receiver?.snapshots.findLast(({guid}) => ours.some((version) => version.guid === guid))
  return ours.find(({guid}) => guid === last?.guid)
}
