import type {RunContext} from './context.ts'
import type {OperationalError} from './errors.ts'
import type {StreamHandle} from './stream.ts'

/** How streams are compressed on their way from host to host. What lies before and behind is as ZFS has it. */
export type Compression = {
  readonly type: CompressionType
  /** 1, the fastest, to 19. For who compresses. */
  readonly level: number
}

export type CompressionType = 'zstd'

/** A program that stands between ZFS and a connection for as long as the streams of one request take. */
export type StreamStage = {
  /** What ZFS writes into or reads from, instead of the connection. */
  readonly stream: StreamHandle
  /**
   * Nothing more is written, or to be read. Resolves when everything has passed and the program has ended well; throws
   * `send-failed` or `receive-failed` when it has not, and the other side cannot have taken what came for the whole.
   */
  end(ctx: RunContext): Promise<void>
  /** Gives up: the other side meets a stream that was cut. The reason, if it was the stage that failed. */
  stop(): Promise<OperationalError | undefined>
}

/** The stages of this host. Implemented by `host` with programs, and by the simulator. */
export type StreamStages = {
  /** What there are programs for. */
  compressions(): readonly CompressionType[]
  /** A stage in front of `sink`. What follows its streams on the same pipe can be told from them. */
  compress(ctx: RunContext, compression: Compression, sink: StreamHandle): StreamStage
  /** A stage behind `source`, of which it takes the streams of one request and nothing that follows them. */
  decompress(ctx: RunContext, compression: CompressionType, source: StreamHandle): StreamStage
}
