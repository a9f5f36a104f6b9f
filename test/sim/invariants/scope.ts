import {PREFIX} from '../jobs.ts'
import {allDatasets, copyDataset, type Dataset, findDataset, type Snapshot} from '../pool.ts'
import type {Entry} from '../process/entry.ts'
import {LAST_RECEIVED_TAG, STEP_TAG} from '../view.ts'
import {baseOf, isSelected, type World} from '../world.ts'
import type {Check} from './check.ts'
import {type Targets, targetsOf} from './targets.ts'

/**
 * I6: what is nobody's business stays as it is to the last property, and the sender's datasets change only by snapshots
 * of ours, holds, bookmarks and destroyed snapshots.
 */
export function isolation(world: World): Check {
  const base = baseOf(world.options)
  const copies = `${base}/tank`
  let untouched = settled()

  function isOurs(name: string): boolean {
    return isSelected(name) || name === base || name.startsWith(copies)
  }

  /** Properties of the receiver's copies may be set by a receive. */
  function isSettled(name: string): boolean {
    return !isOurs(name) || name.startsWith('tank')
  }

  /** As they are now. */
  function settled(): readonly Dataset[] {
    return [...allDatasets(world.sender), ...allDatasets(world.receiver)]
      .filter(({name}) => isSettled(name))
      .map(copyDataset)
  }

  function hasChanged(before: Dataset): boolean {
    const now = findDataset(world.sender, before.name) ?? findDataset(world.receiver, before.name)
    if (now === undefined || !sameProperties(before, now)) return true
    return !isOurs(before.name) && !sameVersions(before, now)
  }

  return {
    invariant: 'I6',
    before(entry) {
      if (!entry.mutates) return []
      const targets = targetsOf(entry.argv)
      const onSender = entry.process.host === world.sender
      const foreign = targets.datasets.filter((name) => !isOurs(name))
      const allowed = onSender ? SENDER_VERBS : RECEIVER_VERBS
      return [
        ...foreign.map((name) => `${name} is not in the scope of the job`),
        ...(allowed.has(targets.verb) ? [] : [`${targets.verb} on the ${onSender ? 'sender' : 'receiver'}`]),
        ...problemsWithNames(targets, entry, onSender),
      ]
    },
    accept() {
      untouched = settled()
    },
    end: () => untouched.filter(hasChanged).map(({name}) => `${name} has changed`),
  }
}

const SENDER_VERBS = new Set(['snapshot', 'hold', 'release', 'bookmark', 'destroy', 'program'])
const RECEIVER_VERBS = new Set(['hold', 'release', 'destroy', 'program', 'create', 'set', 'receive', 'abort'])

function problemsWithNames({verb, snapshots, bookmarks, tag}: Targets, {argv}: Entry, onSender: boolean) {
  const foreignTag = tag !== undefined && tag !== (onSender ? STEP_TAG : LAST_RECEIVED_TAG)
  const foreignSnapshot = verb === 'snapshot' && snapshots.some((name) => !name.includes(`@${PREFIX}`))
  const foreignBookmark = bookmarks.some(
    (name) => verb === 'destroy' && !/#zrepl_CURSOR.*_J_offsite$/.test(name),
  )
  return [
    ...(foreignTag ? [`the tag ${tag} is not ours`] : []),
    ...(foreignSnapshot ? [`a snapshot without our prefix: ${argv.join(' ')}`] : []),
    ...(foreignBookmark ? [`a bookmark that is not ours: ${argv.join(' ')}`] : []),
  ]
}

function sameProperties(a: Dataset, b: Dataset): boolean {
  if (a.type !== b.type || a.properties.size !== b.properties.size) return false
  for (const [name, {value, source}] of a.properties) {
    const other = b.properties.get(name)
    if (other?.value !== value || other.source !== source) return false
  }
  return a.encryption?.root === b.encryption?.root && a.encryption?.keyLoaded === b.encryption?.keyLoaded
}

/** Contents, bookmarks and origins are never changed in place. */
function sameVersions(a: Dataset, b: Dataset): boolean {
  return (
    a.guid === b.guid &&
    a.head === b.head &&
    a.origin === b.origin &&
    a.inconsistent === b.inconsistent &&
    a.bookmarks.length === b.bookmarks.length &&
    a.bookmarks.every((bookmark, at) => bookmark === b.bookmarks[at]) &&
    a.snapshots.length === b.snapshots.length &&
    a.snapshots.every((snapshot, at) => sameSnapshot(snapshot, b.snapshots[at]))
  )
}

function sameSnapshot(a: Snapshot, b: Snapshot | undefined): boolean {
  return (
    a.guid === b?.guid &&
    a.name === b.name &&
    a.createtxg === b.createtxg &&
    a.creation === b.creation &&
    a.content === b.content &&
    a.deferDestroy === b.deferDestroy &&
    a.longHolds === b.longHolds &&
    a.holds.size === b.holds.size &&
    Array.from(a.holds).every(([tag, time]) => b.holds.get(tag) === time)
  )
}
