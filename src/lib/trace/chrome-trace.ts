import type {EndedSpan} from '../core/context.ts'
import {stackAbove} from '../core/span-stack.ts'
import type {TraceNode} from './trace-node.ts'
import {tracksOf} from './tracks.ts'

/**
 * Spans in the Trace Event Format, as chrome://tracing and Perfetto read it: complete events (`X`) in one closed array.
 * `pid` is the host, `tid` a line of work; what is known of a span is in `args`, its stack of ids among it. `dropped` spans
 * more were not kept.
 */
export function formatChromeTrace(spans: readonly EndedSpan[], host: string, dropped = 0): string {
  const tracks = tracksOf(spans)
  const hosts = [...new Set([host, ...spans.map((span) => span.host ?? host)])]
  const names = hosts.map((name, index) => metadata('process_name', index + 1, {name}))
  const labels = dropped === 0 ? [] : [metadata('process_labels', 1, {labels: `${dropped} spans not kept`})]
  const events = spans.map((span) => ({
    ph: 'X',
    name: span.annotation,
    cat: span.annotation.split(' ')[0] ?? span.annotation,
    pid: hosts.indexOf(span.host ?? host) + 1,
    tid: tracks.get(span),
    ts: span.startUs,
    dur: span.endUs - span.startUs,
    args: {...plain(span.fields), ...(span.host === undefined ? {} : {host: span.host}), stack: span.stack},
  }))
  return `[\n${[...names, ...labels, ...events].map((event) => JSON.stringify(event)).join(',\n')}\n]\n`
}

function metadata(name: string, pid: number, args: object): object {
  return {ph: 'M', name, pid, tid: 0, args}
}

function plain(fields: EndedSpan['fields']): Record<string, unknown> {
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
    const parent = nodes.get(stackAbove(event.args.stack) ?? '')
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
