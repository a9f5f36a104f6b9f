import {realpathSync, type Stats, statSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'

/** Where programs may lie. The environment is not asked (threat T25). The last one is NixOS. */
const DIRECTORIES: readonly string[] = [
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/run/current-system/sw/bin',
]

export type ProgramSearch = {readonly directories: readonly string[]; readonly owner: number}

const SYSTEM: ProgramSearch = {directories: DIRECTORIES, owner: 0}

const HINTS: Readonly<Record<string, string>> = {
  zfs: 'install OpenZFS: package zfsutils-linux on Debian and Ubuntu, zfs elsewhere; part of the system on FreeBSD',
  zpool:
    'install OpenZFS: package zfsutils-linux on Debian and Ubuntu, zfs elsewhere; part of the system on FreeBSD',
  zstd: 'install zstd: package zstd',
  ssh: 'install the OpenSSH client: package openssh-client or openssh',
}

/**
 * The absolute path of a program, symbolic links resolved only for the check: some programs look at the name they
 * are called by. Throws `zfs-missing` (for `zfs` and `zpool`) or `host` when there is none, or when others than root
 * could have put it there.
 */
export function resolveProgram(name: string, search: ProgramSearch = SYSTEM): string {
  const path = findProgram(name, search)
  if (path !== undefined) return path
  throw new OperationalError(codeOf(name), `there is no ${name} in ${search.directories.join(', ')}`, {
    hint: HINTS[name],
  })
}

/** As `resolveProgram`, but `undefined` when there is none. */
export function findProgram(name: string, search: ProgramSearch = SYSTEM): string | undefined {
  for (const directory of search.directories) {
    const path = `${directory}/${name}`
    const stats = statSync(path, {throwIfNoEntry: false})
    if (stats === undefined) continue
    const distrust = reasonAgainst(stats, search.owner)
    if (distrust === undefined) return path
    throw new OperationalError(codeOf(name), `${path} ${distrust}: it is not started`, {
      hint: `look who put it there; put it right with: chown root:root ${realpathSync(path)} && chmod 755 ${realpathSync(path)}`,
    })
  }
  return undefined
}

function reasonAgainst(stats: Stats, owner: number): string | undefined {
  if (!stats.isFile()) return 'is not a regular file'
  if (stats.uid !== owner) return `belongs to user ${stats.uid}, not to ${owner === 0 ? 'root' : owner}`
  if ((stats.mode & 0o022) !== 0) return 'can be written by others'
  if ((stats.mode & 0o111) === 0) return 'is not executable'
  return undefined
}

function codeOf(name: string): 'zfs-missing' | 'host' {
  return name === 'zfs' || name === 'zpool' ? 'zfs-missing' : 'host'
}
