import {mkdirSync} from 'node:fs'
import {homedir} from 'node:os'
import {dirname} from 'node:path'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Environment} from './environment.ts'
import {ensurePrivateDirectory} from './private-directory.ts'

/**
 * Where what is worth remembering is kept: `/var/lib/zrepl` for root, else `zrepl` in the user's state directory (XDG base
 * directory specification), and before both where systemd has made one for us (systemd.exec(5), `StateDirectory`; of several the
 * first). Nothing in it decides anything; it may be deleted at any time.
 */
export function defaultStateDirectory(uid: number, environment: Environment): string {
  const {STATE_DIRECTORY, XDG_STATE_HOME: named} = environment
  const made = STATE_DIRECTORY?.split(':')[0]
  if (made?.startsWith('/')) return made
  if (uid === 0) return '/var/lib/zrepl'
  return `${named?.startsWith('/') ? named : `${homeOfUser()}/.local/state`}/zrepl`
}

/** Of a user who has none the one that is nowhere, so that only what needs it fails. */
function homeOfUser(): string {
  try {
    return homedir()
  } catch {
    return '/nonexistent'
  }
}

/** Makes the directory, private, with the one above it. Throws `host`. */
export function ensureStateDirectory(path: string): void {
  const above = dirname(path)
  try {
    mkdirSync(above, {recursive: true})
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    throw new OperationalError('host', `cannot make the directory ${quoted(above)}: ${code}`, {cause: error})
  }
  ensurePrivateDirectory(path)
}
