import type {RunContext} from '../core/context.ts'
import type {ReceiveReply, ReceiveRequest} from './receiver.ts'
import type {SendRequest, StreamBegan} from './sender.ts'

/**
 * Carries the streams of a series of steps from sender to receiver, one behind the other, and waits until the receiver
 * has said what has become of them. Streams never pass through a buffer of ours; which side is local decides how the
 * pipe is laid. Throws when none is known to have arrived.
 */
export type Transfer = (
  ctx: RunContext,
  send: readonly SendRequest[],
  receive: readonly ReceiveRequest[],
  began?: StreamBegan,
) => Promise<ReceiveReply>
