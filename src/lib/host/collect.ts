import {OperationalError} from '../core/errors.ts'

/** What a child prints, on its way into one string. */
export type Collected<T> = {
  /** Resolves at the end of the output. */
  readonly all: Promise<T>
  /** Gives up: `all` then stays unsettled or resolves with what was there. */
  cancel(): void
}

/** All of `output`, one character for each byte. Rejects with `host` beyond `maxBytes`. */
export function collectText(
  output: ReadableStream<Uint8Array> | undefined,
  maxBytes: number,
): Collected<string> {
  const chunks: Uint8Array[] = []
  return collectAll(
    output,
    maxBytes,
    (chunk) => void chunks.push(chunk),
    () => Buffer.concat(chunks).toString('latin1'),
  )
}

/** Gives `output` to `take` as it comes, and keeps nothing of it. Rejects with `host` beyond `maxBytes`. */
export function handOn(
  output: ReadableStream<Uint8Array> | undefined,
  take: (chunk: Uint8Array) => void,
  maxBytes: number,
): Collected<string> {
  return collectAll(output, maxBytes, take, () => '')
}

function collectAll(
  output: ReadableStream<Uint8Array> | undefined,
  maxBytes: number,
  take: (chunk: Uint8Array) => void,
  end: () => string,
): Collected<string> {
  if (output === undefined) return {all: Promise.resolve(''), cancel() {}}
  let bytes = 0
  return collect(
    output,
    (chunk) => {
      bytes += chunk.length
      if (bytes > maxBytes) throw new OperationalError('host', `it printed more than ${maxBytes} bytes`)
      take(chunk)
    },
    end,
  )
}

/** The last `maxBytes` of `output`, one character for each byte, and whether something before them is missing. */
export function collectTail(output: ReadableStream<Uint8Array>, maxBytes: number): Collected<Tail> {
  let chunks: Uint8Array[] = []
  let bytes = 0
  let cut = false
  const compact = () => {
    const all = Buffer.concat(chunks)
    cut ||= all.length > maxBytes
    chunks = [all.subarray(Math.max(0, all.length - maxBytes))]
    bytes = chunks[0]?.length ?? 0
  }
  return collect(
    output,
    (chunk) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > 2 * maxBytes) compact()
    },
    () => {
      compact()
      return {text: Buffer.concat(chunks).toString('latin1'), cut}
    },
  )
}

export type Tail = {readonly text: string; readonly cut: boolean}

function collect<T>(
  output: ReadableStream<Uint8Array>,
  take: (chunk: Uint8Array) => void,
  end: () => T,
): Collected<T> {
  const reader = output.getReader()
  const all = (async () => {
    for (;;) {
      const {done, value} = await reader.read()
      if (done) return end()
      take(value)
    }
  })()
  // Who gives up does not listen any more.
  all.catch(() => {})
  return {all, cancel: () => void reader.cancel().catch(() => {})}
}
