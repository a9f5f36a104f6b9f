import type {ZfsFailure, ZfsFailureKind} from './read-stderr.ts'

/** The numbers that libzfs_core answers with for holds, bookmarks and snapshots; the same on Linux and FreeBSD. */
export const ERRNO = {notPermitted: 1, missing: 2, busy: 16, exists: 17} as const

const WORDS: ReadonlyMap<number, readonly [ZfsFailureKind, string]> = new Map([
  [ERRNO.notPermitted, ['permission', 'permission denied']],
  [ERRNO.missing, ['does-not-exist', 'dataset does not exist']],
  [ERRNO.busy, ['busy', 'dataset is busy, or held']],
])

/** Puts words to an errno about one object, as `readFailure` does to what `zfs` prints. */
export function failureOfErrno(errno: number): ZfsFailure {
  const [kind, message] = WORDS.get(errno) ?? ['unknown', `errno ${errno}`]
  return {kind, message}
}
