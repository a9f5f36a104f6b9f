/** A span as read back from a trace, with what happened inside it. Times are microseconds. */
export type TraceNode = {
  readonly name: string
  readonly startUs: number
  readonly durationUs: number
  readonly args: Readonly<Record<string, unknown>>
  readonly children: readonly TraceNode[]
}

/** When the span ended, microseconds since 1970. */
export function endOf({startUs, durationUs}: TraceNode): number {
  return startUs + durationUs
}

/** The span and all inside it, parents first, with the number of spans around each. */
export function* walk(
  node: TraceNode,
  depth = 0,
): Generator<{readonly node: TraceNode; readonly depth: number}> {
  yield {node, depth}
  for (const child of node.children) yield* walk(child, depth + 1)
}
