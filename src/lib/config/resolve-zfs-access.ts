import type {Global} from '../../generated/config-types.ts'

/** By what ZFS is changed: libzfs_core where it is there, only with it, or only by the `zfs` command. */
export type ZfsAccess = 'auto' | 'library' | 'cli'

/** `global.zfs.access`: `auto` where nothing is said. */
export function resolveZfsAccess(raw: Global = {}): ZfsAccess {
  return raw.zfs?.access ?? 'auto'
}
