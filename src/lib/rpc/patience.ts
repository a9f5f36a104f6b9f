const PATIENCE_MS = 30_000

/**
 * How long the end of the last of so many streams may take to be acknowledged before the side that wrote it ends the
 * connection, milliseconds. Small ones may all be on the way still. A receiver that is only slow loses nothing but the
 * connection.
 */
export function patienceMs(streams: number): number {
  return PATIENCE_MS * streams
}
