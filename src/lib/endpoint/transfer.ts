import type {RunContext} from '../core/context.ts'
import type {ReceiveReply, ReceiveRequest} from './receiver.ts'
import type {SendRequest} from './sender.ts'

/** Told that a stream, by its place among the requests, is about to begin, and by which process of this host it goes. */
export type TransferBegan = (index: number, carrier?: number) => void

/**
 * Carries the streams of a series of steps from sender to receiver, one behind the other, and waits until the receiver
 * has said what has become of them. Streams never pass through a buffer of ours; which side is local decides how the
 * pipe is laid. Throws when none is known to have arrived.
 */
export type Transfer = (
  ctx: RunContext,
  send: readonly SendRequest[],
  receive: readonly ReceiveRequest[],
  began?: TransferBegan,
) => Promise<ReceiveReply>
