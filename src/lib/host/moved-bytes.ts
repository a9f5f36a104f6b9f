import {readdirSync, readFileSync} from 'node:fs'
import {basename} from 'node:path'
import {LIBRARY_WORD} from './library-child.ts'
import {STREAM_NAMES} from './library-message.ts'
import {type ProcessIo, processIo} from './process-io.ts'
import {processStart} from './process-start.ts'

/** What the processes that a run has started have moved, by the kernel's counts (proc_pid_io(5)). Neither ever goes down. */
export type MovedBytes = {
  /**
   * Of streams: what is received on this host, by `zfs receive` or through the library; where none runs, what is
   * compressed for the peer, by its length before that, and otherwise what the connections to another host carry.
   */
  readonly stream: bigint
  /**
   * All that any of them has read and written since it was up, streams several times. While it grows, something moves:
   * what a program reads and greets with when it starts does not count, or else starting again and again would be progress.
   * Nor does what serves a connection to this host: streams go past it, and it looks around and keeps alive for ever.
   */
  readonly any: bigint
  /**
   * By the number of the child that is a connection: what it carries; of one to this host, what is received below it. Not of one
   * to this host that sends: `zfs send` writes past it, and in the kernel's own threads.
   */
  readonly byCarrier: ReadonlyMap<number, bigint>
}

/** The word with which our executable serves a connection. */
const SERVE_WORD = 'stdinserver'

/** How long a program takes to be up, milliseconds. */
const START_MS = 2000

/**
 * Counts for the processes below `root`, since streams do not pass through us. What a process has counted that has ended
 * since is not lost. `undefined` where there is no /proc.
 */
export function createMovedBytes(
  root = process.pid,
  nowMs: () => number = () => performance.now(),
): () => MovedBytes | undefined {
  const received = new Map<string, {readonly carrier: string; readonly bytes: bigint}>()
  const compressed = new Map<string, bigint>()
  const carried = new Map<string, bigint>()
  const any = new Map<string, bigint>()
  const starts = new Map<string, {readonly seenAtMs: number; bytes: bigint}>()

  function sinceStart(id: string, bytes: bigint): bigint {
    const now = nowMs()
    const start = starts.get(id) ?? {seenAtMs: now, bytes}
    starts.set(id, start)
    if (now - start.seenAtMs < START_MS) start.bytes = bytes
    return bytes - start.bytes
  }

  return () => {
    const children = childrenOf(`${root}`)
    if (children === undefined) return undefined
    const byCarrier = new Map<number, bigint>()
    for (const child of children) {
      const {id: carrier, words, counts} = lookAt(child)
      const isHere = isServing(words)
      if (isStage(words)) compressed.set(carrier, counts.read)
      else if (!isOfZfs(words) && !isNoProgram(words) && !isHere)
        carried.set(carrier, max(counts.read, counts.written))
      const all = withDescendants(child).map(lookAt)
      for (const looked of all) {
        const {id, counts, words} = looked
        if (!isServing(words))
          any.set(id, max(any.get(id) ?? 0n, sinceStart(id, counts.read + counts.written)))
        if (moves(looked, 'receive')) received.set(id, {carrier, bytes: counts.read})
      }
      const below = Array.from(received.values()).filter((one) => one.carrier === carrier)
      const bytes = isHere ? sum(below.map(({bytes}) => bytes)) : carried.get(carrier)
      const isUncounted = isHere && all.some((looked) => moves(looked, 'send'))
      if (bytes !== undefined && !isUncounted) byCarrier.set(Number(child), bytes)
    }
    const elsewhere = compressed.size > 0 ? compressed : carried
    const streams = received.size > 0 ? Array.from(received.values(), ({bytes}) => bytes) : elsewhere.values()
    return {stream: sum(streams), any: sum(any.values()), byCarrier}
  }
}

function sum(counts: Iterable<bigint>): bigint {
  return Array.from(counts).reduce((sum, count) => sum + count, 0n)
}

/** Not yet the one that it is started as, or no more. */
function isNoProgram(words: readonly string[]): boolean {
  return words.length <= 1
}

function isServing(words: readonly string[]): boolean {
  return words[1] === SERVE_WORD
}

function isOfZfs([program = '', word = '']: readonly string[]): boolean {
  return basename(program) === 'zfs' || word === LIBRARY_WORD
}

function isStage([program = '']: readonly string[]): boolean {
  return basename(program) === 'zstd'
}

function moves({words, name}: Looked, verb: keyof typeof STREAM_NAMES): boolean {
  return isOfZfs(words) && (words[1] === verb || name === STREAM_NAMES[verb])
}

function withDescendants(pid: string): readonly string[] {
  return [pid, ...(childrenOf(pid) ?? []).flatMap(withDescendants)]
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

type Looked = {
  /** Of the process, also when its number is given to another. */
  readonly id: string
  readonly words: readonly string[]
  /** What it calls itself. */
  readonly name: string
  readonly counts: ProcessIo
}

function lookAt(pid: string): Looked {
  const gone = {id: `${pid} gone`, words: [], name: '', counts: {read: 0n, written: 0n}}
  const counts = processIo(pid)
  if (counts === undefined) return gone
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()
    return {id: `${pid} ${processStart(pid)}`, words, name, counts}
  } catch {
    return gone
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
