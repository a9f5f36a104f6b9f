import type {Fields} from '../core/context.ts'

/** One interval of work that has ended. Times are microseconds since 1970. */
export type RecordedSpan = {
  /** The chain of ids from the root; a child's begins with its parent's and a dot. */
  readonly stack: string
  readonly annotation: string
  readonly startUs: number
  readonly endUs: number
  readonly fields: Fields
  /** Lines of work that overlap have different ones; a span's is its parent's unless a sibling occupies that. */
  readonly track: number
}

/** Keeps the spans of one run. */
export type SpanRecorder = {
  begin(stack: string, parent: string | undefined, annotation: string, atUs: number): void
  end(stack: string, fields: Fields, atUs: number): void
  /** Spans that have ended, in the order of their beginning. */
  spans(): readonly RecordedSpan[]
}

type Open = {
  readonly annotation: string
  readonly startUs: number
  readonly track: number
  readonly parent: string | undefined
}

/** A recorder that has seen nothing. */
export function createSpanRecorder(): SpanRecorder {
  const open = new Map<string, Open>()
  const ended: RecordedSpan[] = []

  /** The parent's track, unless another child is on it: a timeline cannot show two things in one place. */
  function trackFor(parent: string | undefined): number {
    const occupied = new Set(Array.from(open.values(), ({track}) => track))
    const own = parent === undefined ? undefined : open.get(parent)
    const hasChildThere = Array.from(open.values()).some(
      (other) => other.parent === parent && other.track === own?.track,
    )
    if (own !== undefined && !hasChildThere) return own.track
    let track = 0
    while (occupied.has(track)) track += 1
    return track
  }

  return {
    begin(stack, parent, annotation, atUs) {
      open.set(stack, {annotation, startUs: atUs, track: trackFor(parent), parent})
    },
    end(stack, fields, atUs) {
      const span = open.get(stack)
      if (span === undefined) return
      open.delete(stack)
      ended.push({
        stack,
        annotation: span.annotation,
        startUs: span.startUs,
        endUs: atUs,
        fields,
        track: span.track,
      })
    },
    spans: () => ended.toSorted((a, b) => a.startUs - b.startUs || a.stack.length - b.stack.length),
  }
}
