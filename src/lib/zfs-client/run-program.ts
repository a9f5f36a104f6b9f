import type {RunContext} from '../core/context.ts'
import type {StreamHandle} from '../core/stream.ts'

/**
 * Runs one program to its end. The only way in which the CLI client touches the world: implemented by `host` with real
 * processes, by the simulator with a model of ZFS, and by tests with a script.
 *
 * A program that ends is an answer, whatever its exit status. Throws what stopped it otherwise: the reason of
 * `ctx.signal`, `deadline`, `zfs-missing`, or `host` when it could not be started or printed beyond all bounds.
 */
export type RunProgram = (ctx: RunContext, call: ProgramCall) => Promise<ProgramResult>

export type ProgramCall = {
  /** `zfs` or `zpool`: where it lies is for the host to know. */
  readonly program: string
  /** The words after the program's name. Never seen by a shell. */
  readonly argv: readonly string[]
  /** False for commands that only look. A dry run runs no other. */
  readonly mutates: boolean
  /** A stream, or a short text. */
  readonly stdin: 'none' | StreamHandle | {readonly text: string}
  readonly stdout: 'text' | StreamHandle
  /** How long it may take, milliseconds; `undefined` for streams, which end when they end. */
  readonly deadlineMs: number | undefined
}

export type ProgramResult = {
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined
  /** The signal that ended it, `SIGPIPE` for example. */
  readonly signal: string | undefined
  /** All of it, one character for each byte (latin1); empty when it was a stream. */
  readonly stdout: string
  /** The end of it, likewise. */
  readonly stderr: string
  /** True when `stderr` lacks its beginning: what is there cannot be taken for all that was said. */
  readonly stderrCut: boolean
}
