/** What `zfs version` printed, without its prefixes; a part it did not print is `undefined`. */
export type ZfsVersion = {readonly command: string | undefined; readonly module: string | undefined}

/**
 * Reads the output of `zfsVersionCommand()`: `zfs-2.3.2-1` and `zfs-kmod-2.3.2-1`, on two lines. Never fails: an unknown
 * version is treated like the oldest, so nothing depends on more than the two words.
 */
export function readZfsVersion(stdout: string): ZfsVersion {
  return {
    command: /^zfs-(\d[\w.~+-]{0,63})$/m.exec(stdout)?.[1],
    module: /^zfs-kmod-(\d[\w.~+-]{0,63})$/m.exec(stdout)?.[1],
  }
}
