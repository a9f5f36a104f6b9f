import {readFileSync} from 'node:fs'

/** The version of this kernel's ZFS module, as Linux tells it; `undefined` where it does not. Starts no program. */
export function zfsModuleVersion(path = '/sys/module/zfs/version'): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
