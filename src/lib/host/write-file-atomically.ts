import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import {basename, dirname} from 'node:path'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/**
 * Replaces a file as a whole: a reader sees the old text or the new one, also after a power cut.
 * `mode` is exact, whatever the umask. Throws `host`.
 */
export function writeFileAtomically(path: string, text: string, mode = 0o600): void {
  const directory = dirname(path)
  const temporary = `${directory}/.${basename(path)}.${process.pid}.${crypto.randomUUID()}.tmp`
  try {
    writeSynced(temporary, text, mode)
    try {
      renameSync(temporary, path)
    } catch (error) {
      unlinkSync(temporary)
      throw error
    }
    syncDirectory(directory)
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    throw new OperationalError('host', `cannot write ${quoted(path)}: ${code}`, {cause: error})
  }
}

function writeSynced(path: string, text: string, mode: number): void {
  const {O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW} = constants
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    writeFileSync(fd, text)
    fchmodSync(fd, mode)
    fsyncSync(fd)
  } catch (error) {
    unlinkSync(path)
    throw error
  } finally {
    closeSync(fd)
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
