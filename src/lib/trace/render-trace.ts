import {printable} from '../core/printable.ts'
import {formatDuration} from '../core/units.ts'
import {criticalPath, type TraceNode} from './chrome-trace.ts'

/**
 * One line for each span: when it began after the root, how long it took, and what it was; `*` marks the critical path,
 * what the run waited for.
 */
export function renderTrace(root: TraceNode): string {
  const path = criticalPath(root)
  return linesOf(root, 0).join('')

  function linesOf(node: TraceNode, depth: number): readonly string[] {
    const began = formatDuration((node.startUs - root.startUs) / 1000)
    const took = formatDuration(node.durationUs / 1000)
    const mark = path.has(node) ? '*' : ' '
    const line = `${mark} ${began.padStart(8)} ${took.padStart(8)}  ${'  '.repeat(depth)}${printable(node.name)}${factsOf(node)}\n`
    return [line, ...node.children.flatMap((child) => linesOf(child, depth + 1))]
  }
}

/** The facts that tell spans of one name apart. */
const FACTS = ['filesystem', 'from', 'to', 'name', 'exitCode', 'error'] as const

function factsOf({args}: TraceNode): string {
  return FACTS.flatMap((key) =>
    args[key] === undefined ? [] : [` ${key}=${printable(String(args[key]))}`],
  ).join('')
}
