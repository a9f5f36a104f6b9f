import {escaped, text} from '../../core/html.ts'
import {printable} from '../../core/printable.ts'
import {formatDuration} from '../../core/units.ts'
import {criticalPath, waitsByName} from '../critical-path.ts'
import {factsOf, hasFailed} from '../facts.ts'
import {endOf, type TraceNode, walk} from '../trace-node.ts'
import {SCRIPT} from './script.ts'
import {STYLE} from './style.ts'

/** So many names say where the time went; the rest is small. */
const WAITS = 6

/**
 * A trace as one page with a row for each span on a time line that can be zoomed. It needs nothing but itself, and what
 * comes from the trace is escaped: a name in it may be anybody's (threat T20). `sha256` is that of `TIMELINE_SCRIPT`, in
 * base64: no other script may run.
 */
export function renderTimeline(roots: readonly TraceNode[], sha256: string): string {
  const begin = Math.min(...roots.map(({startUs}) => startUs))
  const end = Math.max(...roots.map(endOf))
  const whole: Whole = {begin, us: Math.max(1, end - begin)}
  const path = new Map(roots.flatMap((root) => Array.from(criticalPath(root))))
  const rows = roots.flatMap((root) => Array.from(walk(root)))
  const title = roots.map(({name}) => name).join(', ')
  const began = new Date(begin / 1000).toISOString().replace('T', ' ').slice(0, 19)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${sha256}'">
<title>${text(`Trace of ${title}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${text(title)}: ${formatDuration(whole.us / 1000)}</h1>
<p class="soft">Began ${began} UTC, ${rows.length} spans. It waited for:</p>
<ul class="waits">${waits(path, whole)}</ul>
<div class="tools">
<input type="search" id="search" placeholder="Search names and facts ( / )" aria-label="Search">
<label><input type="checkbox" id="only-path"> critical path only</label>
<span><button id="in" title="+">zoom in</button> <button id="out" title="-">zoom out</button> <button id="all" title="0">all</button></span>
<span class="soft">Ctrl or Shift and the wheel zoom; a click tells more.</span>
</div>
</header>
<div class="chart" data-ms="${whole.us / 1000}" tabindex="0">
<div class="row ruler" style="--depth:0"><div class="name">span</div><div class="lane"></div></div>
${rows.map(({node, depth}) => rowOf(node, depth, whole, path.get(node))).join('\n')}
</div>
<dl id="facts" hidden></dl>
<script>${SCRIPT}</script>
</body>
</html>
`
}

/** For the hash that allows it. */
export const TIMELINE_SCRIPT = SCRIPT

type Whole = {readonly begin: number; readonly us: number}

function waits(path: ReadonlyMap<TraceNode, number>, {us}: Whole): string {
  return waitsByName(path)
    .slice(0, WAITS)
    .map(
      ([name, waitedUs]) =>
        `<li><b>${text(name)}</b>${formatDuration(waitedUs / 1000)}, ${Math.round((100 * waitedUs) / us)} %</li>`,
    )
    .join('')
}

/** From here on there is no room behind a bar for how long it took, and up to there none before it. */
const FAR_RIGHT = 90
const FAR_LEFT = 10

function rowOf(node: TraceNode, depth: number, whole: Whole, waitedUs: number | undefined): string {
  const left = (100 * (node.startUs - whole.begin)) / whole.us
  const width = (100 * node.durationUs) / whole.us
  const kinds = [
    'row',
    ...(waitedUs === undefined ? [] : ['path']),
    ...(hasFailed(node) ? ['failed'] : []),
  ].join(' ')
  const facts = factsOf(node).map(([, value]) => ` ${value}`)
  const took = formatDuration(node.durationUs / 1000)
  const [place, at] =
    left + width <= FAR_RIGHT ? ['', left + width] : left > FAR_LEFT ? [' before', left] : [' inside', left]
  const label = `<span class="took${place}" style="left:${percent(at)}">${took}</span>`
  return `<div class="${kinds}" style="--depth:${depth}" tabindex="0" data-facts="${escaped(JSON.stringify(allFacts(node, whole, waitedUs)))}"><div class="name">${text(node.name)}<i>${text(facts.join(''))}</i></div><div class="lane"><div class="bar" style="left:${percent(left)};width:${percent(width)}" title="${text(`${node.name}${facts.join('')}, ${took}`)}"></div>${label}</div></div>`
}

function percent(value: number): string {
  return `${value.toFixed(4)}%`
}

/** Everything known of a span, in words. */
function allFacts(
  {name, startUs, durationUs, args}: TraceNode,
  {begin}: Whole,
  waitedUs: number | undefined,
): Readonly<Record<string, string>> {
  const own = Object.entries(args).map(([key, value]) => [
    printable(key),
    printable(Array.isArray(value) ? value.join(' ') : String(value)),
  ])
  return {
    span: printable(name),
    began: `after ${formatDuration((startUs - begin) / 1000)}`,
    took: formatDuration(durationUs / 1000),
    ...(waitedUs === undefined ? {} : {'waited for it': formatDuration(waitedUs / 1000)}),
    ...Object.fromEntries(own),
  }
}
