import {printable} from '../core/printable.ts'
import {formatDuration} from '../core/units.ts'
import {criticalPath, waitsByName} from './critical-path.ts'
import {factsOf} from './facts.ts'
import {endOf, type TraceNode, walk} from './trace-node.ts'

/** So many names say where the time went; the rest is small. */
const WAITS = 8

/**
 * One line for each span: when it began after the root, how long it took, and what it was; `*` marks the critical path.
 * Then what the run waited for, by name.
 */
export function renderTrace(root: TraceNode): string {
  const path = criticalPath(root)
  const lines = Array.from(walk(root), ({node, depth}) => {
    const began = formatDuration((node.startUs - root.startUs) / 1000)
    const took = formatDuration(node.durationUs / 1000)
    const mark = path.has(node) ? '*' : ' '
    const facts = factsOf(node).map(([key, value]) => ` ${key}=${value}`)
    return `${mark} ${began.padStart(8)} ${took.padStart(8)}  ${'  '.repeat(depth)}${printable(node.name)}${facts.join('')}\n`
  })
  return `${lines.join('')}\nwaited for\n${waits(root, path).join('')}`
}

function waits(root: TraceNode, path: ReadonlyMap<TraceNode, number>): readonly string[] {
  const whole = endOf(root) - root.startUs
  return waitsByName(path)
    .slice(0, WAITS)
    .map(([name, waitedUs]) => {
      const share = `${Math.round((100 * waitedUs) / whole)} %`
      return `  ${formatDuration(waitedUs / 1000).padStart(8)} ${share.padStart(8)}  ${printable(name)}\n`
    })
}
