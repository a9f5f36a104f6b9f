import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {
  childOf,
  type DatasetName,
  MAX_NAME_BYTES,
  NameError,
  parseComponent,
  pathBelow,
  snapshotName,
} from '../zfs/name.ts'
import {createPathRules, type PathRule} from './path-rules.ts'

/** Sender dataset ↔ receiver dataset. */
export type Mapping = {
  /** `root_fs[/client_identity]`: everything of this client lies strictly below it. */
  readonly base: DatasetName
  /**
   * Where `path` lies on the receiver, with room for `@snapshot` when its name is given. Throws `name-too-long` when ZFS
   * could not store that name, `receive-policy` when no rule has a place for it. Neither message tells where `base` is.
   */
  toReceiver(path: DatasetName, snapshot?: string): DatasetName
  /** What the sender calls `dataset`; `undefined` for everything that cannot have come from a sender of ours. */
  toSender(dataset: DatasetName): DatasetName | undefined
}

/**
 * A sink puts its client's `S` at `root_fs/client_identity/S`; a pull job, which has no client, at `root_fs/S`. That is the
 * sender's whole path, its pool included, unless `rules` have another place for it.
 *
 * Names are never normalised or cut to fit: a path is a `DatasetName`, which has no `.`, `..` or empty components.
 * Throws `NameError` when the identity is not exactly one component, or is too long below `rootFs`.
 */
export function createMapping(
  rootFs: DatasetName,
  clientIdentity: string | undefined,
  rules: readonly PathRule[] = [],
): Mapping {
  const base = clientIdentity === undefined ? rootFs : childOf(rootFs, parseComponent(clientIdentity))
  const {place, origin} = createPathRules(rules)

  return {
    base,
    toReceiver: (path, snapshot) => {
      const placed = place(path)
      if (placed === undefined || placed === '') throw noPlace(path, placed)
      try {
        const dataset = childOf(base, placed)
        if (snapshot !== undefined) snapshotName(dataset, snapshot)
        return dataset
      } catch (cause) {
        if (cause instanceof NameError && cause.problem !== 'malformed') {
          throw tooLong(base, placed, snapshot, cause.problem)
        }
        throw cause
      }
    },
    toSender: (dataset) => {
      const path = pathBelow(dataset, base)
      return path === undefined ? undefined : origin(path)
    },
  }
}

function noPlace(path: DatasetName, placed: '' | undefined): OperationalError {
  const why =
    placed === undefined
      ? 'no rule has a place for it'
      : 'it would take the place of root_fs or of its client itself'
  return new OperationalError('receive-policy', `${quoted(path)}: ${why}`, {
    hint: 'complete path_mapping of the receiving job, or leave it out of filesystems',
  })
}

function tooLong(
  base: DatasetName,
  path: string,
  snapshot: string | undefined,
  problem: 'too-long' | 'too-deep',
): OperationalError {
  const name = snapshot === undefined ? path : `${path}@${snapshot}`
  const length = base.length + 1 + name.length
  const why =
    problem === 'too-long'
      ? `it would have ${length} bytes there, ZFS allows ${MAX_NAME_BYTES}`
      : 'it would lie too deep there'
  return new OperationalError('name-too-long', `${quoted(name)} does not fit on the receiver: ${why}`, {
    hint: 'use a shorter root_fs or client identity, shorter snapshot names, or rename the filesystem',
  })
}
