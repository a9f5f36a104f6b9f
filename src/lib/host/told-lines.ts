import {printable} from '../core/printable.ts'

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

/** The part of a stream's reader that is used. */
type Chunks = {read(): Promise<{readonly done: boolean; readonly value?: Uint8Array | undefined}>}

/** A longer line is nobody's log line. */
const MAX_LINE_BYTES = 64 * 1024
/** Kept for the error message, UTF-16 units. */
const MAX_COMPLAINT = 2000
/** Kept until somebody listens. */
const MAX_QUEUE = 1000
const NEWLINE = 0x0a

/** Reads `stderr` line by line to its end. What is told before somebody listens is kept. */
export function createToldLines(stderr: ReadableStream<Uint8Array>): ToldLines {
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
  return {
    onTold(listener) {
      listeners.push(listener)
      for (const told of queue.splice(0)) listener(told)
    },
    complaint: () => printable(complaint),
    ended: readLines(reader, take),
    cancel: () => void reader.cancel().catch(() => {}),
  }
}

async function readLines(reader: Chunks, take: (line: string) => void): Promise<void> {
  let pending: Uint8Array[] = []
  let bytes = 0
  const flush = () => {
    if (bytes > 0) take(Buffer.concat(pending).toString('utf8', 0, Math.min(bytes, MAX_LINE_BYTES)))
    pending = []
    bytes = 0
  }
  const append = (part: Uint8Array) => {
    if (bytes < MAX_LINE_BYTES) pending.push(part)
    bytes += part.length
  }
  for (;;) {
    const {done, value} = await reader.read()
    if (done || value === undefined) return flush()
    let start = 0
    for (let end = value.indexOf(NEWLINE); end !== -1; end = value.indexOf(NEWLINE, start)) {
      append(value.subarray(start, end))
      flush()
      start = end + 1
    }
    append(value.subarray(start))
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
