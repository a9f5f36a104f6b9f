import type {EndedSpan} from '../core/context.ts'
import {stackAbove} from '../core/span-stack.ts'

/**
 * A place in a time line for each span, of its own host: a span is drawn inside the one it is in, unless that is occupied
 * or elsewhere; then it gets the first track on which nothing is under way. `spans` in the order of their beginning.
 */
export function tracksOf(spans: readonly EndedSpan[]): ReadonlyMap<EndedSpan, number> {
  const tracks = new Map<string | undefined, EndedSpan[][]>()
  const places = new Map<EndedSpan, number>()
  for (const span of spans) {
    const ofHost = tracks.get(span.host) ?? []
    tracks.set(span.host, ofHost)
    const parent = stackAbove(span.stack)
    for (const under of ofHost) leave(under, span.startUs, parent)
    const inParent = ofHost.findIndex((under) => under.at(-1)?.stack === parent && under.length > 0)
    const free = ofHost.findIndex((under) => under.length === 0)
    const place = [inParent, free].find((index) => index !== -1) ?? ofHost.length
    ofHost[place] ??= []
    ofHost[place].push(span)
    places.set(span, place)
  }
  return places
}

/** Takes away what has ended by then; what ends at the very moment still holds what is inside it. */
function leave(under: EndedSpan[], atUs: number, parent: string | undefined): void {
  for (let top = under.at(-1); top !== undefined && top.endUs <= atUs; top = under.at(-1)) {
    if (top.stack === parent) return
    under.pop()
  }
}
