import {readFileSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {readChromeTrace, type TraceNode} from '../trace/chrome-trace.ts'
import {renderTrace} from '../trace/render-trace.ts'

/** A trace file as text for people, or as JSON. Throws `usage` when the file is no trace of ours. */
export function showTrace(path: string, json: boolean): string {
  const roots = read(path)
  return json ? `${JSON.stringify(roots)}\n` : roots.map(renderTrace).join('')
}

function read(path: string): readonly TraceNode[] {
  try {
    return readChromeTrace(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new OperationalError('usage', `cannot read ${quoted(path)} as a trace: ${why}`, {cause})
  }
}
