import type {RunContext} from './context.ts'
import type {OperationalError} from './errors.ts'
import type {ByteReader, ByteWriter} from './stream.ts'

/**
 * One connection to the passive side: strict request and response, either of which raw streams may follow.
 * Opened by `host` over ssh or a child process, and by the simulator.
 */
export type LaneConnection = {
  /** What the peer writes. */
  readonly reader: ByteReader
  /** What the peer reads. */
  readonly writer: ByteWriter
  /** Words for messages: `ssh root@backup:22`. */
  readonly peer: string
  /** The number of the process whose kernel counts say what goes over this connection; `undefined` where there is none. */
  readonly carrier: number | undefined
  /** The peer has greeted: it is there, and the time in which it had to answer at all is over. */
  greeted(): void
  /** The program that carries it, if there is one, and its words. */
  readonly argv?: readonly string[]
  /** What the peer tells beside the answers: one JSON object per line of its stderr, not yet checked. */
  onTold(listener: (told: Readonly<Record<string, unknown>>) => void): void
  /** The peer has written what nobody has read yet: if nothing comes on, it is because of us. */
  hasUnread(): boolean
  /** The end of what the peer (or ssh) wrote on stderr that was not for us, printable; for error messages. */
  complaint(): string
  /** Ends our half: the peer meets the end of what we write, and can still answer. The connection is of no more use then. */
  hangUp(): void
  /** Ends the connection in order: closes the writer and waits for the other process to go. */
  close(): Promise<void>
  /** Ends it at once, for example in the middle of a stream; what waits for it is rejected with the reason. */
  burn(reason?: OperationalError): void
  /** Resolves when the other process has gone, with its exit status, and its processor time and bytes if they are known. */
  readonly gone: Promise<{
    readonly exitCode: number | undefined
    readonly userMs?: number
    readonly systemMs?: number
    readonly readBytes?: bigint
    readonly writtenBytes?: bigint
  }>
}

export type OpenConnection = (ctx: RunContext) => Promise<LaneConnection>
