/**
 * One end of a kernel pipe through which a `zfs send` stream passes without being copied by us.
 * Opaque to all rooms but the one that starts processes (and the simulator): there is nothing to do with it
 * except to hand it to a `ZfsClient`.
 */
export type StreamHandle = {readonly fd: number}

/** Bytes in, exact lengths only: what follows them on the same pipe stays there for the next reader. */
export type ByteReader = {
  /** Resolves with exactly `length` bytes; `undefined` at a clean end before the first byte; rejects on a cut. */
  read(length: number, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** The pipe itself, for a reader that is another process. Nothing has been read ahead. */
  readonly stream: StreamHandle
}

export type ByteWriter = {
  write(bytes: Uint8Array, signal: AbortSignal): Promise<void>
  /** The pipe itself, for a writer that is another process. Nothing is buffered. */
  readonly stream: StreamHandle
}
