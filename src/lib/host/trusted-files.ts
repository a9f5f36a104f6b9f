import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs'
import {dirname} from 'node:path'
import {quoted} from '../core/printable.ts'

/** A configuration is text written by people. */
const MAX_FILE_BYTES = 1024 * 1024
const MAX_LINKS = 40

/** Reads what decides about somebody's backups, and so only what nobody but root and we can have written. */
export type TrustedFiles = {
  /** The text of a file (UTF-8), or why it cannot be read or trusted. */
  read(path: string): {readonly text: string} | {readonly problem: string}
  /** The names in a directory, sorted, or why it cannot be read or trusted. */
  list(path: string): {readonly names: readonly string[]} | {readonly problem: string}
}

/**
 * Files as they are on this machine. A file or directory is trusted when it and every directory and symbolic link on
 * the way belong to root or us and cannot be written by others (threat T22). `/tmp` and its like, where only the
 * owner of a thing can rename it, are no obstacle. Paths are absolute.
 */
export function createTrustedFiles(): TrustedFiles {
  return {
    read: (path) => answer(() => ({text: readTrusted(path)})),
    list: (path) => answer(() => ({names: readdirSync(trustedPath(path)).toSorted()})),
  }
}

function readTrusted(path: string): string {
  const {O_RDONLY, O_NOFOLLOW, O_NONBLOCK} = constants
  const fd = openSync(trustedPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new Problem('it is not a regular file')
    if (stats.size > MAX_FILE_BYTES) throw new Problem(`it has more than ${MAX_FILE_BYTES} bytes`)
    return decoded(readFileSync(fd))
  } finally {
    closeSync(fd)
  }
}

/** Walks like the kernel, one component and one link after the other, and returns the path without links. */
function trustedPath(path: string): string {
  if (!path.startsWith('/')) throw new Problem('it is not an absolute path')
  checkOwner('/', lstatSync('/'))
  const ahead = path.split('/')
  let at = '/'
  for (let links = 0; ahead.length > 0; ) {
    const name = ahead.shift()
    if (name === undefined || name === '' || name === '.') continue
    if (name === '..') {
      at = dirname(at)
      continue
    }
    const next = at === '/' ? `/${name}` : `${at}/${name}`
    const stats = lstatSync(next)
    checkOwner(next, stats)
    if (!stats.isSymbolicLink()) {
      at = next
      continue
    }
    links += 1
    if (links > MAX_LINKS) throw new Problem('too many symbolic links')
    const target = readlinkSync(next)
    if (target.startsWith('/')) at = '/'
    ahead.unshift(...target.split('/'))
  }
  return at
}

/** The rights of a symbolic link mean nothing; the sticky bit of a directory protects what is in it. */
function checkOwner(path: string, stats: Stats): void {
  if (stats.uid !== 0 && stats.uid !== process.getuid?.())
    throw new Problem(`${quoted(path)} belongs to user ${stats.uid}`)
  const sticky = stats.isDirectory() && (stats.mode & 0o1000) !== 0
  if (stats.isSymbolicLink() || sticky || (stats.mode & 0o022) === 0) return
  throw new Problem(`${quoted(path)} can be written by others (chmod go-w)`)
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(bytes)
  } catch {
    throw new Problem('it is not UTF-8 text')
  }
}

/** Why a file is not read; becomes a value before it leaves this file. */
class Problem extends Error {
  override readonly name = 'Problem'
}

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
  if (code !== undefined) return `it cannot be read: ${code}`
  throw error
}
