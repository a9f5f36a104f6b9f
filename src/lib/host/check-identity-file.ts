import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/**
 * Throws `config` for a key that ssh could do nothing with, before it is asked to: one that is missing, no plain file, or
 * private and open to others (which ssh refuses too, in words that get lost in a refused login). A public key is as good:
 * an agent has the rest. Only absolute paths are looked at; ssh itself expands the others.
 */
export function checkIdentityFile(path: string): void {
  if (!path.startsWith('/')) return
  const problem = problemOf(path)
  if (problem === undefined) return
  throw new OperationalError('config', `identity_file ${quoted(path)} ${problem.is}`, {hint: problem.hint})
}

type Problem = {readonly is: string; readonly hint?: string}

function problemOf(path: string): Problem | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    return {is: code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code}`}
  }
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) return {is: 'is not a plain file'}
    const openToOthers = (stats.mode & 0o077) !== 0
    return openToOthers && isPrivateKey(fd)
      ? {is: 'is a private key that others can read', hint: `chmod 600 ${quoted(path)}`}
      : undefined
  } finally {
    closeSync(fd)
  }
}

/** All formats of private keys that OpenSSH reads are PEM (ssh-keygen(1), `-m`). */
function isPrivateKey(fd: number): boolean {
  const start = Buffer.alloc(64)
  return /^-----BEGIN .*PRIVATE KEY-----/.test(start.toString('latin1', 0, readSync(fd, start)))
}
