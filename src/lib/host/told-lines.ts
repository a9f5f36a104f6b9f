import {printable} from '../core/printable.ts'
import {readLines} from './read-lines.ts'
import type {ToldAllowance} from './told-allowance.ts'

/** What comes on a peer's stderr: JSON objects it means for us, and anything else for people. */
export type ToldLines = {
  onTold(listener: (told: Told) => void): void
  /** The end of what was not for us, on one line, printable. */
  complaint(): string
  /** Resolves at the end of stderr. */
  readonly ended: Promise<void>
  cancel(): void
}

export type Told = Readonly<Record<string, unknown>>

/** Kept for the error message, UTF-16 units. */
const MAX_COMPLAINT = 2000
/** Kept until somebody listens. */
const MAX_QUEUE = 1000

/**
 * Reads `stderr` line by line to its end. What is told before somebody listens is kept. Nothing is read any more of a peer
 * that writes more than `allowance`, after `onFlood`.
 */
export function createToldLines(
  stderr: ReadableStream<Uint8Array>,
  allowance: ToldAllowance,
  onFlood: () => void,
): ToldLines {
  const listeners: ((told: Told) => void)[] = []
  const queue: Told[] = []
  let complaint = ''

  function take(line: string): void {
    const told = parseTold(line)
    if (told === undefined) {
      const text = line.trim()
      if (text !== '') complaint = `${complaint}${complaint === '' ? '' : '; '}${text}`.slice(-MAX_COMPLAINT)
    } else if (listeners.length > 0) {
      for (const listener of listeners) listener(told)
    } else if (queue.length < MAX_QUEUE) {
      queue.push(told)
    }
  }

  const reader = stderr.getReader()
  async function read() {
    const chunk = await reader.read()
    if (chunk.done || allowance.take(chunk.value)) return chunk
    onFlood()
    return {done: true}
  }

  return {
    onTold(listener) {
      listeners.push(listener)
      for (const told of queue.splice(0)) listener(told)
    },
    complaint: () => printable(complaint),
    ended: readLines({read}, take),
    cancel: () => void reader.cancel().catch(() => {}),
  }
}

function parseTold(line: string): Told | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Told
  } catch {
    return undefined
  }
}
