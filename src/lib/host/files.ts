import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import {basename, dirname} from 'node:path'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/** A configuration is text written by people. */
const MAX_FILE_BYTES = 1024 * 1024

/** Reads what decides about somebody's backups, and so only what nobody but root and we can have written. */
export type TrustedFiles = {
  /** The text of a file (UTF-8), or why it cannot be read or trusted. */
  read(path: string): {readonly text: string} | {readonly problem: string}
  /** The names in a directory, sorted, or why it cannot be read or trusted. */
  list(path: string): {readonly names: readonly string[]} | {readonly problem: string}
}

/**
 * Files as they are on this machine. A file or directory counts as trusted when it and every directory on the way,
 * with and without symbolic links resolved, belong to root or us and cannot be written by others (threat T22).
 * `/tmp` and its like, where only owners can rename, are no obstacle.
 */
export function createTrustedFiles(): TrustedFiles {
  return {
    read: (path) => answer(() => ({text: readTrusted(path)})),
    list(path) {
      return answer(() => {
        checkWay(path)
        return {names: readdirSync(path).toSorted()}
      })
    },
  }
}

function readTrusted(path: string): string {
  checkWay(path)
  const {O_RDONLY, O_NOFOLLOW, O_NONBLOCK} = constants
  const fd = openSync(realpathSync(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new Problem('it is not a regular file')
    checkOwner(path, stats)
    if (stats.size > MAX_FILE_BYTES) throw new Problem(`it has more than ${MAX_FILE_BYTES} bytes`)
    return new TextDecoder('utf-8', {fatal: true}).decode(readFileSync(fd))
  } finally {
    closeSync(fd)
  }
}

function checkWay(path: string): void {
  for (const way of [path, realpathSync(path)]) {
    for (let at = way; ; at = dirname(at)) {
      checkOwner(at, lstatSync(at))
      if (dirname(at) === at) break
    }
  }
}

/** Of a symbolic link only the owner counts; a directory with the sticky bit protects what others own in it. */
function checkOwner(path: string, stats: Stats): void {
  if (stats.uid !== 0 && stats.uid !== process.getuid?.()) throw new Problem(`${quoted(path)} belongs to user ${stats.uid}`)
  const shared = stats.isDirectory() && (stats.mode & 0o1000) !== 0
  if (!stats.isSymbolicLink() && !shared && (stats.mode & 0o022) !== 0) throw new Problem(`${quoted(path)} can be written by others`)
}

class Problem extends Error {}

function answer<T>(read: () => T): T | {readonly problem: string} {
  try {
    return read()
  } catch (error) {
    return {problem: problemOf(error)}
  }
}

function problemOf(error: unknown): string {
  if (error instanceof Problem) return error.message
  const {code} = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'it does not exist'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text'
  if (code !== undefined) return `cannot be read: ${code}`
  throw error
}

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
