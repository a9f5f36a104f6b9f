import {readFileSync} from 'node:fs'

/** Processor time of a process so far, milliseconds, to 10 ms: what the kernel tells of one that goes on. */
export type ProcessCpu = {readonly userMs: number; readonly systemMs: number}

/** How long a tick of proc_pid_stat(5) is, milliseconds: USER_HZ is 100 on all our systems. */
const TICK_MS = 10

/** `undefined` where there is no such process any more, or no /proc. */
export function processCpu(pid: number): ProcessCpu | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [, user, system] = /\) (?:\S+ ){11}(\d+) (\d+)/.exec(stat) ?? []
    return {userMs: Number(user) * TICK_MS, systemMs: Number(system) * TICK_MS}
  } catch {
    return undefined
  }
}
