import {writeSync} from 'node:fs'

/** Between two tries where somebody else who has the pipe too has made it one that does not wait, milliseconds. */
const RETRY_MS = 10

/**
 * Writes all of `text` to a descriptor. A reader that has gone (`zrepl plan | head`, a closed log) does not change what
 * was done, so it fails nobody: what it does not read is dropped. Returns the error that has kept the rest from being
 * written for another reason, like a disk that is full.
 */
export function writeText(fd: number, text: string): string | undefined {
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (error) {
      const {code = String(error)} = error as NodeJS.ErrnoException
      if (code !== 'EAGAIN') return code === 'EPIPE' ? undefined : code
      Bun.sleepSync(RETRY_MS)
    }
  }
  return undefined
}
