import {mkdirSync} from 'node:fs'
import {homedir} from 'node:os'
import {dirname} from 'node:path'
import type {Environment} from './environment.ts'
import {ensurePrivateDirectory} from './private-directory.ts'

/**
 * Where what is worth remembering is kept: `/var/lib/zrepl` for root, else `zrepl` in the user's state directory (XDG base
 * directory specification), and before both where systemd has made one for us (systemd.exec(5), `StateDirectory`). Nothing in it decides anything; it may be deleted at any time.
 */
export function defaultStateDirectory(uid: number, environment: Environment): string {
  const {STATE_DIRECTORY: made, XDG_STATE_HOME: named} = environment
  if (made?.startsWith('/')) return made
  if (uid === 0) return '/var/lib/zrepl'
  return `${named?.startsWith('/') ? named : `${homedir()}/.local/state`}/zrepl`
}

/** Makes the directory, private, with the one above it. Throws `host`. */
export function ensureStateDirectory(path: string): void {
  mkdirSync(dirname(path), {recursive: true})
  ensurePrivateDirectory(path)
}
