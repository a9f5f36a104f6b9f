import {
  type Abstraction,
  type HeldAbstraction,
  readBookmarkAbstraction,
  readHeldAbstraction,
} from '../abstraction/abstraction.ts'
import {readLastReceivedHold} from '../abstraction/last-received-hold.ts'
import {readStepHold} from '../abstraction/step-hold.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {
  type BookmarkName,
  datasetOf,
  type HoldTag,
  NameError,
  parseBookmarkName,
  parseHoldTag,
  parseSnapshotName,
  type SnapshotName,
  shortNameOf,
} from '../zfs/name.ts'
import {isBookmark, isSnapshot, type Version} from '../zfs/version.ts'

/** One object by name: some holds on a snapshot (no tags: all of ours), or a bookmark. */
export type NamedObject =
  | {readonly kind: 'snapshot'; readonly name: SnapshotName; readonly tags: readonly HoldTag[]}
  | {readonly kind: 'bookmark'; readonly name: BookmarkName}

/** Reads `fs@name TAG…` or `fs#name`. Throws `usage` also for a tag that cannot be ours. */
export function parseNamedObject(name: string, tags: readonly string[]): NamedObject {
  try {
    if (!name.includes('#'))
      return {kind: 'snapshot', name: parseSnapshotName(name), tags: tags.map(parseOurTag)}
    if (tags.length > 0) throw new OperationalError('usage', 'a bookmark has no holds: give no TAG')
    return {kind: 'bookmark', name: parseBookmarkName(name)}
  } catch (error) {
    if (error instanceof NameError) throw new OperationalError('usage', error.message)
    throw error
  }
}

/**
 * What of ours is meant. Throws `usage` for a bookmark that is not ours, `version-gone` when the snapshot or bookmark or
 * one of the holds is not there: then somebody has mistyped it, or somebody else was faster.
 */
export async function findOurs(
  ctx: RunContext,
  zfs: ZfsClient,
  object: NamedObject,
): Promise<readonly Abstraction[]> {
  const versions = (await zfs.listVersions(ctx, [datasetOf(object.name)])).get(datasetOf(object.name)) ?? []
  const isNamed = ({name}: Version) => name === shortNameOf(object.name)
  if (object.kind === 'bookmark') {
    const bookmark =
      versions.filter(isBookmark).find(isNamed) ?? gone(`${quoted(object.name)} does not exist`)
    const ours = readBookmarkAbstraction(bookmark)
    if (ours === undefined) throw foreign(`bookmark ${quoted(object.name)}`)
    return [ours]
  }
  const snapshot = versions.filter(isSnapshot).find(isNamed) ?? gone(`${quoted(object.name)} does not exist`)
  const tags = (await zfs.holds(ctx, [object.name])).get(object.name) ?? []
  const ours = tags.flatMap((tag) => readHeldAbstraction(snapshot, tag) ?? [])
  if (object.tags.length === 0) return ours
  return object.tags.map(
    (tag) => heldWith(tag, ours) ?? gone(`${quoted(object.name)} is not held by ${quoted(tag)}`),
  )
}

function parseOurTag(text: string): HoldTag {
  const tag = parseHoldTag(text)
  if (readStepHold(tag) === undefined && readLastReceivedHold(tag) === undefined)
    throw foreign(`hold ${quoted(text)}`)
  return tag
}

function heldWith(tag: HoldTag, ours: readonly HeldAbstraction[]): HeldAbstraction | undefined {
  return ours.find((held) => held.tag === tag)
}

function foreign(what: string): OperationalError {
  return new OperationalError('usage', `${what} is not ours: only what zrepl has made is released`, {
    hint: 'see what is ours with: zrepl holds list',
  })
}

function gone(message: string): never {
  throw new OperationalError('version-gone', message, {hint: 'see what is there with: zrepl holds list'})
}
