/** The part of a stream's reader that is used. */
type Chunks = {read(): Promise<{readonly done: boolean; readonly value?: Uint8Array | undefined}>}

/** A longer line is nobody's log line; the rest of it is dropped. */
const MAX_LINE_BYTES = 64 * 1024
const NEWLINE = 0x0a

/** Gives every line of a stream to `take`, without its newline, the last one also if it has none. */
export async function readLines(reader: Chunks, take: (line: string) => void): Promise<void> {
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
