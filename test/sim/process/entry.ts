import type {CommandFault} from '../fault.ts'
import type {Process} from './process.ts'

/** One external command of a run: a point at which it can be disturbed. */
export type Entry = {
  /** Position among all commands of the run, on both hosts, in the order in which they were started. */
  readonly index: number
  readonly process: Process
  readonly argv: readonly string[]
  readonly mutates: boolean
  /** It reads or writes a stream. */
  readonly stream: 'in' | 'out' | undefined
  readonly faults: readonly CommandFault[]
  /** Processes of the other side that were alive when it started. */
  readonly peers: number
  /** Which call of libzfs_core it is a part of: then no program was started for it. */
  readonly libraryCall: number | undefined
  /** It does nothing any more, whether anybody waits for it or not. */
  isOver: boolean
  /** Length of the stream it sends, once that is known. */
  streamBytes?: number
  /** Bytes that a stage between ZFS and a connection has taken in; `undefined`: it is none. */
  stageBytes?: number
}

/** `backup (passive 1): zfs hold …`, for messages. */
export function describeEntry({index, process, argv}: Entry): string {
  const words = argv.map((word) => (/^[\w./:@#=,-]+$/.test(word) ? word : `'${word.slice(0, 60)}'`))
  const program = argv[0] === 'zstd' ? '' : 'zfs '
  return `command ${index}, ${process.host.name} (${process.label}): ${program}${words.join(' ')}`
}
