import type {RunContext} from '../core/context.ts'
import type {IncomingStream, OutgoingStream} from '../core/stream.ts'

/**
 * Runs one program to its end. The only way in which the CLI client touches the world: implemented by `host` with real
 * processes, by the simulator with a model of ZFS, and by tests with a script.
 *
 * A program that ends is an answer, whatever its exit status. Throws what stopped it otherwise: the reason of
 * `ctx.signal`, `deadline`, `zfs-missing`, `host` when it could not be started or printed beyond all bounds, and what
 * `inspect` has refused a stream with. That a stream was written does not say that anybody has read it.
 */
export type RunProgram = (ctx: RunContext, call: ProgramCall) => Promise<ProgramResult>

export type ProgramCall = {
  /** `zfs` or `zpool`: where it lies is for the host to know. */
  readonly program: string
  /** The words after the program's name. Never seen by a shell. */
  readonly argv: readonly string[]
  /** False for commands that only look. A dry run runs no other. */
  readonly mutates: boolean
  /** A stream, or a short text. A program whose stream is refused, or over before it was admitted, is not even started. */
  readonly stdin: 'none' | IncomingStream | {readonly text: string}
  readonly stdout: 'text' | Taker | OutgoingStream
  /** How long it may take, milliseconds; `undefined` for streams, which end when they end. */
  readonly deadlineMs: number | undefined
}

/** Gets what a program prints while it prints it, in pieces of any size that are not kept. */
export type Taker = {readonly take: (piece: Uint8Array) => void}

/** Where the stream goes that the program writes; `undefined` when it prints text. */
export function outgoingOf({stdout}: Pick<ProgramCall, 'stdout'>): OutgoingStream | undefined {
  return typeof stdout === 'object' && 'sink' in stdout ? stdout : undefined
}

export type ProgramResult = {
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined
  /** The signal that ended it, `SIGPIPE` for example. */
  readonly signal: string | undefined
  /** All of it, one character for each byte (latin1); empty when it went elsewhere. */
  readonly stdout: string
  /** The end of it, likewise. */
  readonly stderr: string
  /** True when `stderr` lacks its beginning: what is there cannot be taken for all that was said. */
  readonly stderrCut: boolean
}
