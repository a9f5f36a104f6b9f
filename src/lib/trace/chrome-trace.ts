import type {RecordedSpan} from './span-recorder.ts'
import type {TraceNode} from './trace-node.ts'

/**
 * Spans in the Trace Event Format, as chrome://tracing and Perfetto read it: complete events (`X`) in one closed array.
 * `pid` is the host, `tid` a line of work; what is known of a span is in `args`, its stack of ids among it.
 */
export function formatChromeTrace(spans: readonly RecordedSpan[], host: string): string {
  const names = [{ph: 'M', name: 'process_name', pid: 1, tid: 0, args: {name: host}}]
  const events = spans.map(({stack, annotation, startUs, endUs, fields, track}) => ({
    ph: 'X',
    name: annotation,
    cat: annotation.split(' ')[0] ?? annotation,
    pid: 1,
    tid: track,
    ts: startUs,
    dur: Math.max(0, endUs - startUs),
    args: {...plain(fields), stack},
  }))
  return `[\n${[...names, ...events].map((event) => JSON.stringify(event)).join(',\n')}\n]\n`
}

function plain(fields: RecordedSpan['fields']): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'bigint' ? value.toString() : value]),
  )
}

/** The trees of a trace this program wrote. Throws an `Error` that says what is wrong with the text. */
export function readChromeTrace(text: string): readonly TraceNode[] {
  const events: unknown = JSON.parse(text)
  if (!Array.isArray(events)) throw new Error('it is not an array of trace events')
  const nodes = new Map<string, TraceNode & {readonly children: TraceNode[]}>()
  const roots: TraceNode[] = []
  for (const event of events.filter(isComplete)) {
    const node = {name: event.name, startUs: event.ts, durationUs: event.dur, args: event.args, children: []}
    nodes.set(event.args.stack, node)
    const parent = nodes.get(event.args.stack.slice(0, event.args.stack.lastIndexOf('.')))
    if (parent === undefined) roots.push(node)
    else parent.children.push(node)
  }
  if (roots.length === 0) throw new Error('it has no spans of zrepl')
  return roots
}

type CompleteEvent = {
  readonly name: string
  readonly ts: number
  readonly dur: number
  readonly args: Readonly<Record<string, unknown>> & {readonly stack: string}
}

function isComplete(event: unknown): event is CompleteEvent {
  if (typeof event !== 'object' || event === null) return false
  const {ph, name, ts, dur, args} = event as Record<string, unknown>
  if (ph !== 'X' || typeof name !== 'string' || typeof ts !== 'number' || typeof dur !== 'number')
    return false
  return (
    typeof args === 'object' &&
    args !== null &&
    typeof (args as Record<string, unknown>)['stack'] === 'string'
  )
}
