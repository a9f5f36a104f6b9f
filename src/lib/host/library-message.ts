import type {LibraryObject, LibraryOperation} from '../zfs-client/call-library.ts'
import type {LibrarySend, LibrarySendFlags} from '../zfs-client/library.ts'

/** What goes between us and our child that calls libzfs_core: a length in four bytes, then JSON. */
export type LibraryRequest = LibraryChange | LibrarySees | LibraryMeasure | LibraryStream

/** Answered with a `LibraryAnswer`, or `unseen` when the library does not see the pool. */
export type LibraryChange = {
  readonly operation: LibraryOperation
  readonly pool: string
  readonly objects: readonly LibraryObject[]
}

/** Answered with true or false. */
export type LibrarySees = {readonly operation: 'sees'; readonly pool: string}

/** Answered with `MeasuredStream`. */
export type LibraryMeasure = {readonly operation: 'measure'; readonly stream: SentStream}

/** A byte with the stream's descriptor follows. Answered with a `StreamEnd` when it is over, and the descriptor closed. */
export type LibraryStream =
  | {readonly operation: 'send'; readonly stream: SentStream}
  /** `record`: the first record as it was judged, base64. */
  | {readonly operation: 'receive'; readonly to: string; readonly record: string; readonly raw: boolean}

/** What the child calls itself (proc_pid_comm(5)) once it carries streams: for ps(1), and to know what it has read. */
export const STREAM_NAMES = {send: 'zrepl send', receive: 'zrepl receive'} as const

/** A `LibrarySend` in JSON: numbers of 64 bits are text there. */
export type SentStream = {
  readonly to: string
  readonly from: string | null
  readonly flags: LibrarySendFlags
  readonly resume: {readonly object: string; readonly offset: string; readonly bytes: string} | null
}

export type MeasuredStream = {readonly errno: number; readonly bytes: string}

export type StreamEnd = {readonly errno: number}

/** The child's first message. */
export type LibraryHello = {readonly ready: true} | {readonly ready: false; readonly because: string}

export const LENGTH_BYTES = 4

export function sentStream({to, from, flags, resume}: LibrarySend): SentStream {
  return {
    to,
    from: from ?? null,
    flags,
    resume:
      resume === undefined
        ? null
        : {
            object: resume.object.toString(),
            offset: resume.offset.toString(),
            bytes: resume.bytes.toString(),
          },
  }
}

/** Both ends are the same executable, so no more is checked than what a broken pipe could do. */
export function encodeMessage(message: unknown): Uint8Array {
  const body = Buffer.from(JSON.stringify(message))
  const bytes = Buffer.alloc(LENGTH_BYTES + body.length)
  bytes.writeUInt32LE(body.length)
  body.copy(bytes, LENGTH_BYTES)
  return bytes
}

export function readLength(bytes: Uint8Array): number {
  return Buffer.from(bytes).readUInt32LE()
}

export function decodeMessage<T>(bytes: Uint8Array): T {
  return JSON.parse(Buffer.from(bytes).toString()) as T
}
