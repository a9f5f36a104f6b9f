import type {ZfsFailure, ZfsFailureKind} from './read-stderr.ts'

/** The numbers that libzfs_core answers with for holds, bookmarks and snapshots; the same on Linux and FreeBSD. */
export const ERRNO = {notPermitted: 1, missing: 2, busy: 16, exists: 17} as const

type Words = ReadonlyMap<number, readonly [ZfsFailureKind, string]>

const WORDS: Words = new Map<number, readonly [ZfsFailureKind, string]>([
  [ERRNO.notPermitted, ['permission', 'permission denied']],
  [ERRNO.missing, ['does-not-exist', 'dataset does not exist']],
  [ERRNO.busy, ['busy', 'dataset is busy, or held']],
])

/** Puts words to an errno about one object, as `readFailure` does to what `zfs` prints. */
export function failureOfErrno(errno: number): ZfsFailure {
  return failureIn(WORDS, errno)
}

/** Of streams, which go through the library on Linux only: its numbers, and those that ZFS adds (`zfs_errno_t`). */
const STREAM_WORDS: readonly (readonly [number, readonly [ZfsFailureKind, string]])[] = [
  [1, ['permission', 'permission denied']],
  [4, ['unknown', 'it was interrupted']],
  [5, ['unknown', 'I/O error']],
  [12, ['unknown', 'the kernel is out of memory']],
  [28, ['no-space', 'out of space']],
  [122, ['no-space', 'space quota exceeded']],
]

/** As in `zfs_send_one` of libzfs_sendrecv.c. */
const SEND_WORDS: Words = new Map<number, readonly [ZfsFailureKind, string]>([
  ...STREAM_WORDS,
  [2, ['does-not-exist', 'the snapshot or its base does not exist']],
  [3, ['does-not-exist', 'the snapshot or its base does not exist']],
  [13, ['key-not-loaded', 'dataset key must be loaded']],
  [16, ['busy', 'dataset is busy']],
  [18, ['not-the-base', 'not an earlier snapshot from the same fs']],
  [22, ['stream', 'the kernel does not send it in this way (invalid argument)']],
  [32, ['cut', 'broken pipe: nobody reads the stream any more']],
  [95, ['unknown', 'the pool does not support what the stream would need']],
])

/** What the kernel answers `zfs send` with. */
export function failureOfSend(errno: number): ZfsFailure {
  return failureIn(SEND_WORDS, errno)
}

const CUT =
  'the stream ended early or was damaged on its way; what has arrived of it is kept where there is enough'

/** As in `zfs_receive_one` of libzfs_sendrecv.c. */
const RECEIVE_WORDS: Words = new Map<number, readonly [ZfsFailureKind, string]>([
  ...STREAM_WORDS,
  [2, ['does-not-exist', 'the dataset, or what it would lie in, does not exist']],
  [13, ['key-not-loaded', 'inherited key must be loaded']],
  [16, ['busy', 'dataset is busy']],
  [17, ['exists', 'destination already exists']],
  [19, ['not-the-base', 'the most recent snapshot does not match the incremental source']],
  [22, ['stream', 'the kernel cannot receive this stream (invalid backup stream)']],
  [26, ['modified', 'destination has been modified since most recent snapshot']],
  [52, ['cut', `checksum mismatch: ${CUT}`]],
  [95, ['stream', 'pool must be upgraded to receive this stream']],
  [1033, ['unknown', 'a dataset cannot be made in what it would lie in']],
  [1034, ['stream', 'IV set guid missing']],
  [1035, ['not-the-base', 'IV set guid mismatch: the raw stream does not fit what was received before']],
  [1036, ['stream', 'spill block flag missing: the sender runs a version of ZFS that is too old']],
  [1037, ['stream', 'the stream has a feature that is not known here']],
  [1040, ['cut', `incomplete stream: ${CUT}`]],
  [1041, ['not-the-base', 'the stream requires -L (--large-block), as what was received before']],
  [1047, ['exists', 'the receive that it continues would replace an existing dataset']],
  [1048, ['stream', 'the stream has crypto parameters not compatible with this pool']],
])

/** What the kernel answers `zfs receive` with. `raw`: of a raw stream. */
export function failureOfReceive(errno: number, {raw}: {readonly raw: boolean}): ZfsFailure {
  if (errno === 13 && raw) return {kind: 'stream', message: 'encryption key does not match existing key'}
  return failureIn(RECEIVE_WORDS, errno)
}

function failureIn(words: Words, errno: number): ZfsFailure {
  const [kind, message] = words.get(errno) ?? ['unknown', `errno ${errno}`]
  return {kind, message}
}
