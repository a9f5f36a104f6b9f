import {endOf, type TraceNode} from './trace-node.ts'

/**
 * What a run waited for: the spans on its critical path, each with the time the run waited for itself and not for a span
 * inside it, microseconds. The times add up to the duration of the root. Walks back from the end: what ended last was
 * waited for, and before it began, what had ended or was under way then.
 */
export function criticalPath(root: TraceNode): ReadonlyMap<TraceNode, number> {
  const waited = new Map<TraceNode, number>()
  follow(root, endOf(root))
  return waited

  function follow(node: TraceNode, until: number): void {
    let itself = 0
    let at = until
    for (;;) {
      const last = latest(node.children, at)
      const end = last === undefined ? node.startUs : Math.min(endOf(last), at)
      itself += Math.max(0, at - end)
      if (last === undefined) break
      follow(last, end)
      at = last.startUs
    }
    waited.set(node, (waited.get(node) ?? 0) + itself)
  }
}

/** What lasts beside the work and is not it: what a run waits for on a connection has spans of its own. */
const LASTING = new Set(['lane'])

/** The one of them that was under way most recently before `at`; of several, the one that began last. */
function latest(children: readonly TraceNode[], at: number): TraceNode | undefined {
  let found: TraceNode | undefined
  for (const child of children) {
    if (child.startUs >= at || LASTING.has(child.name)) continue
    if (found === undefined) found = child
    const later = Math.min(endOf(child), at) - Math.min(endOf(found), at)
    if (later > 0 || (later === 0 && child.startUs > found.startUs)) found = child
  }
  return found
}

/** How long was waited for spans of one name, microseconds, the longest first. */
export function waitsByName(path: ReadonlyMap<TraceNode, number>): readonly (readonly [string, number])[] {
  const byName = new Map<string, number>()
  for (const [{name}, waitedUs] of path) byName.set(name, (byName.get(name) ?? 0) + waitedUs)
  return Array.from(byName)
    .filter(([, waitedUs]) => waitedUs > 0)
    .toSorted(([, a], [, b]) => b - a)
}
