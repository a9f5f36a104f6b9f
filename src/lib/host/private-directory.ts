import {lstatSync, mkdirSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/**
 * Makes sure that `path` is a directory which only we can use, and makes it if it is missing (its parent must be
 * there). Throws `host` when somebody else could have prepared or could change it: a symbolic link, another owner,
 * rights for others (threat T23).
 */
export function ensurePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, {mode: 0o700})
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code !== 'EEXIST')
      throw new OperationalError('host', `cannot make the directory ${quoted(path)}: ${code}`, {cause: error})
  }
  const stats = lstatSync(path)
  const distrust = !stats.isDirectory()
    ? 'is not a directory'
    : stats.uid !== process.getuid?.()
      ? `belongs to user ${stats.uid}`
      : (stats.mode & 0o077) !== 0
        ? 'is open to others'
        : undefined
  if (distrust === undefined) return
  throw new OperationalError('host', `${quoted(path)} ${distrust}: it is not used`, {
    hint: 'it must be a directory of our own with mode 0700; remove it, and it will be made',
  })
}
