import {readdirSync, readFileSync, readlinkSync, realpathSync, statSync} from 'node:fs'
import {printable} from '../core/printable.ts'
import {isAlive, lockPath} from './lock.ts'

/**
 * Who keeps the lock of job `name` although the run that has taken it is gone: `pid 7 (zfs)` for each, or no more than that
 * there is somebody. `undefined` where the lock is free or a living run has it, and where there is no /proc. The lock itself is
 * not tried: somebody who just looks must not be in the way of a run that begins.
 */
export function lockHeirs(directory: string, name: string): string | undefined {
  try {
    const path = realpathSync(lockPath(directory, name))
    const taker = takerOf(path)
    if (taker === undefined || isAlive(taker)) return undefined
    const heirs = processesWith(path)
    return heirs.length === 0 ? 'a process that cannot be seen from here' : heirs.join(', ')
  } catch {
    return undefined
  }
}

/** The process that took the lock on this file, by proc_locks(5). Its number stays there when it is gone and an heir is not. */
function takerOf(path: string): number | undefined {
  const {ino} = statSync(path)
  const taker = new RegExp(`FLOCK +\\S+ +WRITE (\\d+) \\w+:\\w+:${ino} `).exec(
    readFileSync('/proc/locks', 'utf8'),
  )?.[1]
  return taker === undefined ? undefined : Number(taker)
}

/** Processes that have the file open under this lock (proc_pid_fdinfo(5)); of other users only root sees them. */
function processesWith(path: string): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => descriptorsOf(pid).some((fd) => holds(pid, fd, path)))
    .map((pid) => `pid ${pid} (${printable(readFileSync(`/proc/${pid}/comm`, 'utf8').trim())})`)
}

function descriptorsOf(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
  } catch {
    return []
  }
}

function holds(pid: string, fd: string, path: string): boolean {
  try {
    if (readlinkSync(`/proc/${pid}/fd/${fd}`) !== path) return false
    return /^lock:/m.test(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))
  } catch {
    return false
  }
}
