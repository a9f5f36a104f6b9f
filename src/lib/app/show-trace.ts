import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {prepareNamedFile} from '../host/named-file.ts'
import {writeFileAtomically} from '../host/write-file-atomically.ts'
import {readChromeTrace} from '../trace/chrome-trace.ts'
import {criticalPath} from '../trace/critical-path.ts'
import {renderTrace} from '../trace/render-trace.ts'
import {renderTimeline, TIMELINE_SCRIPT} from '../trace/timeline/page.ts'
import type {TraceNode} from '../trace/trace-node.ts'
import {findTrace, type TraceWords} from './find-trace.ts'

/**
 * A trace as text for people, or as JSON: the trees, each span on the critical path with `waitedUs`, how long the run
 * waited for itself. Throws `usage` when there is none, or the file is no trace of ours.
 */
export function showTrace(words: TraceWords, json: boolean): string {
  const roots = read(findTrace(words))
  return json ? `${JSON.stringify(roots.map(withWaits))}\n` : roots.map(renderTrace).join('\n')
}

/** Writes the page of a trace. Throws like `showTrace`, `usage` where no file can be written, and `host`. */
export function exportTrace(words: TraceWords, {html}: {readonly html: string}): void {
  const sha256 = createHash('sha256').update(TIMELINE_SCRIPT).digest('base64')
  const page = prepareNamedFile(html)
  writeFileAtomically(page, renderTimeline(read(findTrace(words)), sha256))
}

function withWaits(root: TraceNode): unknown {
  const path = criticalPath(root)
  const told = (node: TraceNode): unknown => {
    const waitedUs = path.get(node)
    return {...node, ...(waitedUs === undefined ? {} : {waitedUs}), children: node.children.map(told)}
  }
  return told(root)
}

function read(path: string): readonly TraceNode[] {
  try {
    return readChromeTrace(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new OperationalError('usage', `cannot read ${quoted(path)} as a trace: ${why}`, {cause})
  }
}
