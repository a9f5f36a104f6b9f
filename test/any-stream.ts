import type {IncomingStream, OutgoingStream, StreamHandle} from '../src/lib/core/stream.ts'

/** For tests of what carries a stream: whatever comes from `source` is admitted. */
export function anyFrom(source: StreamHandle): IncomingStream {
  return {source, inspect: () => ({kind: 'admitted'}), pace: undefined}
}

/** For tests of what carries a stream: whatever goes to `sink` is admitted, at any speed. */
export function anyTo(sink: StreamHandle): OutgoingStream {
  return {sink, inspect: () => ({kind: 'admitted'}), pace: undefined}
}

/** The number of an end that the test does not close while it uses it. */
export function numberOf(stream: StreamHandle): number {
  using lent = stream.lend()
  return lent.fd
}

/** For tests in which nobody reads or writes. */
export const NO_STREAM: StreamHandle = {
  lend() {
    throw new Error('nobody was to read or write')
  },
}
