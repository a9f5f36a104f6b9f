import {readdirSync, readFileSync} from 'node:fs'

/**
 * Bytes that the processes started by `root` have read and written in all, by the kernel's count (proc_pid_io(5), `rchar`
 * and `wchar`): streams pass through them and not through us, and are in here at least once. For what has moved
 * compare two calls. What a process has counted that has ended since is not lost: the sum never goes down.
 * `undefined` where there is no /proc.
 */
export function createMovedBytes(root = process.pid): () => bigint | undefined {
  const known = new Map<string, bigint>()
  return () => {
    const descendants = descendantsOf(root)
    if (descendants === undefined) return undefined
    for (const pid of descendants) {
      const bytes = bytesOf(pid)
      if (bytes !== undefined) known.set(bytes.process, bytes.count)
    }
    return known.values().reduce((sum, count) => sum + count, 0n)
  }
}

function descendantsOf(root: number): readonly string[] | undefined {
  const children = childrenOf(`${root}`)
  if (children === undefined) return undefined
  return children.flatMap((pid) => [pid, ...(descendantsOf(Number(pid)) ?? [])])
}

/** A process is a child of the thread that has started it. */
function childrenOf(pid: string): readonly string[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        .split(' ')
        .filter((child) => child !== ''),
    )
  } catch {
    return undefined
  }
}

function bytesOf(pid: string): {readonly process: string; readonly count: bigint} | undefined {
  try {
    const io = readFileSync(`/proc/${pid}/io`, 'utf8')
    const [, startedAt = ''] = /\) (?:\S+ ){19}(\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    const count = (key: string) => BigInt(new RegExp(`^${key}: (\\d+)$`, 'm').exec(io)?.[1] ?? 0)
    return {process: `${pid} ${startedAt}`, count: count('rchar') + count('wchar')}
  } catch {
    return undefined
  }
}
