import type {Span} from '../core/context.ts'

/** Counts the frames of the requests of one span, and keeps the sums among its facts. Streams are not in them. */
export type FrameBytes = {
  readonly span: Span
  request(bytes: number): void
  response(bytes: number): void
}

export function createFrameBytes(span: Span): FrameBytes {
  let requestBytes = 0
  let responseBytes = 0
  return {
    span,
    request(bytes) {
      requestBytes += bytes
      span.add({requestBytes})
    },
    response(bytes) {
      responseBytes += bytes
      span.add({responseBytes})
    },
  }
}
