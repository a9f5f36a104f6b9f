import {printable} from '../core/printable.ts'
import type {TraceNode} from './trace-node.ts'

/** The facts that tell spans of one name apart. */
const FACTS = ['filesystem', 'from', 'to', 'name', 'exitCode', 'error'] as const

/** What distinguishes a span from others of its name, printable. */
export function factsOf({args}: TraceNode): readonly (readonly [string, string])[] {
  return FACTS.flatMap((key) =>
    args[key] === undefined || (key === 'exitCode' && args[key] === 0)
      ? []
      : [[key, printable(String(args[key]))] as const],
  )
}

/** Whether what the span stands for has gone wrong. */
export function hasFailed({args}: TraceNode): boolean {
  return args['error'] !== undefined || (typeof args['exitCode'] === 'number' && args['exitCode'] !== 0)
}
