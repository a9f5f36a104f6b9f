import {readFileSync} from 'node:fs'

/**
 * When a process has started, as the kernel tells it (proc_pid_stat(5), field 22): together with its number, this is one
 * process and no other. `undefined` when it is gone, or where there is no /proc.
 */
export function processStart(pid: number | string): string | undefined {
  try {
    return /\) (?:\S+ ){19}(\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}
