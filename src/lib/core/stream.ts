import type {RunContext} from './context.ts'

/**
 * One end of a kernel pipe through which a `zfs send` stream passes without being copied by us.
 * Opaque to all rooms but the one that starts processes (and the simulator): there is nothing to do with it
 * except to hand it to a `ZfsClient`.
 */
export type StreamHandle = {
  /**
   * The descriptor, for as long as somebody works with it: to be had with `using` only. When the end is closed meanwhile, it
   * stays open until all that was lent has been given back, so that its number cannot be that of another pipe by then.
   * Throws the reason with which the end has been closed.
   */
  lend(): LentStream
}

/** A program that has inherited the descriptor has one of its own, and whoever has started it may give this one back. */
export type LentStream = Disposable & {
  readonly fd: number
  /** Raised when the end is closed with a reason: whoever reads or writes here gives up with it. */
  readonly closed: AbortSignal
}

/** A stream that a program is to read, once `inspect` has admitted it. */
export type IncomingStream = {
  readonly source: StreamHandle
  readonly inspect: Inspect
  /** `undefined`: as fast as it comes, and what follows the stream stays in the pipe; with a pace that may be lost. */
  readonly pace: Pace | undefined
  /** How much may wait in the pipe. `undefined`: what pipes usually hold. */
  readonly bufferBytes?: number | undefined
}

/** Where the stream that a program writes is to go, once `inspect` has admitted it. */
export type OutgoingStream = {
  readonly sink: StreamHandle
  readonly inspect: Inspect
  /** `undefined`: as fast as it goes. */
  readonly pace: Pace | undefined
  /** How much may wait in the pipe. `undefined`: what pipes usually hold. */
  readonly bufferBytes?: number | undefined
}

/**
 * Looks at the first bytes of a stream before anybody else gets to see them. Throws an `OperationalError` to refuse the
 * stream. Never throws for bytes that are merely too few: it says how many it wants.
 */
export type Inspect = (head: Uint8Array) => Inspection

/** `more`: so many bytes in all are to be seen. */
export type Inspection = {readonly kind: 'admitted'} | {readonly kind: 'more'; readonly bytes: number}

/** How fast the streams that share it may go. */
export type Pace = {
  /** The most that should pass at once, bytes. */
  readonly chunkBytes: number
  /** Resolves when so many more bytes may pass. */
  take(ctx: RunContext, bytes: number): Promise<void>
}

/** Bytes in, exact lengths only: what follows them on the same pipe stays there for the next reader. */
export type ByteReader = {
  /** Resolves with exactly `length` bytes; `undefined` at a clean end before the first byte; rejects on a cut. */
  read(length: number, signal: AbortSignal): Promise<Uint8Array | undefined>
  /** The pipe itself, for a reader that is another process. Nothing has been read ahead. */
  readonly stream: StreamHandle
}

export type ByteWriter = {
  /** `taken` is called whenever some of them have been. */
  write(bytes: Uint8Array, signal: AbortSignal, taken?: () => void): Promise<void>
  /** The pipe itself, for a writer that is another process. Nothing is buffered. */
  readonly stream: StreamHandle
}
