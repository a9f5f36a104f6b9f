import type {Receiver} from '../endpoint/receiver.ts'
import type {Sender} from '../endpoint/sender.ts'
import type {Transfer} from '../endpoint/transfer.ts'
import type {Board} from '../progress/board.ts'

/** The two sides of a replication and the pipe between them. */
export type Pair = {
  readonly sender: Sender
  readonly receiver: Receiver
  readonly transfer: Transfer
  /** Where it is told how it comes on. */
  readonly board: Board
  /** Somebody looks, and wants to know how much there is to do. */
  readonly sizes: boolean
  /** How many streams both sides are ready for in one request. */
  readonly maxStreams: number
}
