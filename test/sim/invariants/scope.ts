import {PREFIX} from '../jobs.ts'
import {allDatasets, type Dataset} from '../pool.ts'
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
  let untouched = fingerprints()

  function isOurs(name: string): boolean {
    return isSelected(name) || name === base || name.startsWith(copies)
  }

  function fingerprints(): ReadonlyMap<string, string> {
    const all = [...allDatasets(world.sender), ...allDatasets(world.receiver)]
    return new Map(
      all.map((dataset) => [dataset.name, isOurs(dataset.name) ? propertiesOf(dataset) : wholeOf(dataset)]),
    )
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
      untouched = fingerprints()
    },
    end() {
      const before = untouched
      untouched = fingerprints()
      const changed = Array.from(before).filter(
        ([name, fingerprint]) => isSettled(name) && untouched.get(name) !== fingerprint,
      )
      return changed.map(([name]) => `${name} has changed`)
    },
  }

  /** Properties of the receiver's copies may be set by a receive. */
  function isSettled(name: string): boolean {
    return !isOurs(name) || name.startsWith('tank')
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

function propertiesOf({type, properties, encryption}: Dataset): string {
  return JSON.stringify([type, Array.from(properties), encryption])
}

function wholeOf(dataset: Dataset): string {
  const {guid, head, origin, bookmarks, inconsistent} = dataset
  const snapshots = dataset.snapshots.map(({holds, ...snapshot}) => [snapshot, Array.from(holds)])
  return JSON.stringify([propertiesOf(dataset), guid, head, origin, bookmarks, inconsistent, snapshots])
}
