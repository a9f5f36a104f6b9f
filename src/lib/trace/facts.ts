import {printable} from '../core/printable.ts'
import {formatBytes} from '../core/units.ts'
import type {TraceNode} from './trace-node.ts'

/** The facts that tell spans of one name apart. */
const FACTS = [
  'job',
  'filesystem',
  'from',
  'to',
  'name',
  'hook',
  'type',
  'peer',
  'bytes',
  'readBytes',
  'exitCode',
  'error',
  'unended',
] as const

/** What distinguishes a span from others of its name, printable. */
export function factsOf({args}: TraceNode): readonly (readonly [string, string])[] {
  return FACTS.flatMap((key) =>
    args[key] === undefined || (key === 'exitCode' && args[key] === 0)
      ? []
      : [[key, wordOf(key, String(args[key]))] as const],
  )
}

function wordOf(key: string, value: string): string {
  const isCount = /[bB]ytes$/.test(key) && /^\d+$/.test(value)
  return isCount ? formatBytes(BigInt(value)) : printable(value)
}

/** Whether what the span stands for has gone wrong. */
export function hasFailed({args}: TraceNode): boolean {
  return args['error'] !== undefined || (typeof args['exitCode'] === 'number' && args['exitCode'] !== 0)
}
