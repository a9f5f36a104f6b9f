/**
 * How long the end of a stream may take to be acknowledged before the side that wrote it ends the connection,
 * milliseconds. A receiver that is only slow loses nothing but the connection.
 */
export const PATIENCE_MS = 30_000
