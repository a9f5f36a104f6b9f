import {
  type Abstraction,
  isHeld,
  readBookmarkAbstraction,
  readHeldAbstraction,
} from '../../../src/lib/abstraction/abstraction.ts'
import type {Outcome, ZfsClient} from '../../../src/lib/zfs/client.ts'
import {datasetOf, shortNameOf} from '../../../src/lib/zfs/name.ts'
import {readOnly} from '../../../src/lib/zfs-client/read-only.ts'
import {describeOurs} from './ours.ts'

const DONE: Outcome = {kind: 'done'}

/** The process was killed between two changes. */
export class Killed extends Error {}

/** Holds and bookmarks of ours as a value, and a client that changes them and dies before change `killAt`. */
export function poolModel(objects: readonly Abstraction[], killAt = Number.POSITIVE_INFINITY) {
  let held = objects
  let changes = 0

  function change(next: readonly Abstraction[]): Outcome {
    if (changes >= killAt) throw new Killed()
    changes += 1
    held = next
    return DONE
  }

  function add(one: Abstraction | undefined): Outcome {
    if (one === undefined) throw new Error('not ours')
    const known = held.some((other) => describeOurs(other) === describeOurs(one))
    return change(known ? held : [...held, one])
  }

  const none = async () => {
    throw new Error('not asked for')
  }
  const client: ZfsClient = {
    ...readOnly({list: none, listVersions: none, holds: none, estimate: none} as unknown as ZfsClient),
    async hold(_, holds) {
      return holds.map(({snapshot, tag}) => {
        const {version} = held.filter(isHeld).find(({version}) => isNamed(version, snapshot)) ?? {}
        return add(version === undefined ? undefined : readHeldAbstraction(version, tag))
      })
    },
    async bookmark(_, bookmarks) {
      return bookmarks.map(({bookmark, source}) => {
        const {filesystem, guid, createtxg, creation} = source
        const name = shortNameOf(bookmark)
        return add(readBookmarkAbstraction({kind: 'bookmark', filesystem, name, guid, createtxg, creation}))
      })
    },
    async release(_, holds) {
      return holds.map(({snapshot, tag}) =>
        change(held.filter((one) => !(isHeld(one) && one.tag === tag && isNamed(one.version, snapshot)))),
      )
    },
    async destroyBookmarks(_, bookmarks) {
      return bookmarks.map((bookmark) =>
        change(held.filter((one) => isHeld(one) || !isNamed(one.version, bookmark))),
      )
    },
  }
  return {client, objects: () => held, changes: () => changes}
}

function isNamed(
  version: {readonly filesystem: string; readonly name: string},
  name: Parameters<typeof datasetOf>[0],
): boolean {
  return version.filesystem === datasetOf(name) && version.name === shortNameOf(name)
}
