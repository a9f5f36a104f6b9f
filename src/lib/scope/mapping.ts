import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {
  childOf,
  type DatasetName,
  MAX_NAME_BYTES,
  NameError,
  parseComponent,
  parseDatasetName,
  pathBelow,
  snapshotName,
} from '../zfs/name.ts'

/** Sender dataset ↔ receiver dataset. The sender's whole path, its pool included, is appended to `base`. */
export type Mapping = {
  /** `root_fs[/client_identity]`: everything of this client lies strictly below it. */
  readonly base: DatasetName
  /**
   * Where `path` lies on the receiver, with room for `@snapshot` when its name is given.
   * Throws `name-too-long` when ZFS could not store that name; the message does not tell where `base` is.
   */
  toReceiver(path: DatasetName, snapshot?: string): DatasetName
  /** What the sender calls `dataset`; `undefined` for everything that cannot have come from a sender of ours. */
  toSender(dataset: DatasetName): DatasetName | undefined
}

/**
 * A sink puts its client's `S` at `root_fs/client_identity/S`; a pull job, which has no client, at `root_fs/S`.
 *
 * Names are never normalised or cut to fit: a path is a `DatasetName`, which has no `.`, `..` or empty components.
 * Throws `NameError` when the identity is not exactly one component, or is too long below `rootFs`.
 */
export function createMapping(rootFs: DatasetName, clientIdentity: string | undefined): Mapping {
  const base = clientIdentity === undefined ? rootFs : childOf(rootFs, parseComponent(clientIdentity))

  return {
    base,
    toReceiver: (path, snapshot) => {
      try {
        const dataset = childOf(base, path)
        if (snapshot !== undefined) snapshotName(dataset, snapshot)
        return dataset
      } catch (cause) {
        if (cause instanceof NameError && cause.problem !== 'malformed') {
          throw tooLong(base, path, snapshot, cause.problem)
        }
        throw cause
      }
    },
    toSender: (dataset) => {
      const path = pathBelow(dataset, base)
      return path === undefined ? undefined : asDatasetName(path)
    },
  }
}

/** Below `base` there may be datasets that are not ours, under names that no pool can have. */
function asDatasetName(path: string): DatasetName | undefined {
  try {
    return parseDatasetName(path)
  } catch (error) {
    if (error instanceof NameError) return undefined
    throw error
  }
}

function tooLong(
  base: DatasetName,
  path: DatasetName,
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
