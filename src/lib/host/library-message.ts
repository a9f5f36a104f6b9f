import type {LibraryObject, LibraryOperation} from '../zfs-client/call-library.ts'

/** What goes between us and our child that calls libzfs_core: a length in four bytes, then JSON. */
export type LibraryRequest = {
  readonly operation: LibraryOperation
  readonly pool: string
  readonly objects: readonly LibraryObject[]
}

/** The child's first message; each further one is a `LibraryAnswer`, or null when it does not see the pool. */
export type LibraryHello = {readonly ready: true} | {readonly ready: false; readonly because: string}

export const LENGTH_BYTES = 4

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
