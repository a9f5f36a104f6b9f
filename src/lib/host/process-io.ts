import {readFileSync} from 'node:fs'

/** What a process has read and written since it began, by the kernel's count (proc_pid_io(5)), bytes. */
export type ProcessIo = {readonly read: bigint; readonly written: bigint}

/** `undefined` where there is no such process any more, or no /proc. Of one that has ended until somebody waits for it. */
export function processIo(pid: number | string): ProcessIo | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/io`, 'utf8')
    const count = (key: string) => BigInt(new RegExp(`^${key}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
    return {read: count('rchar'), written: count('wchar')}
  } catch {
    return undefined
  }
}
