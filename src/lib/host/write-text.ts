import {writeSync} from 'node:fs'

/** Between two tries where somebody else who has the pipe too has made it one that does not wait, milliseconds. */
const RETRY_MS = 10

/**
 * Writes all of `text` to a descriptor. A reader that has gone (`zrepl plan | head`, a closed log) does not change what
 * was done, so it fails nobody: what it does not read is dropped.
 */
export function writeText(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return
      Bun.sleepSync(RETRY_MS)
    }
  }
}
