import type {RunContext} from '../core/context.ts'
import type {ReceiveReply, ReceiveRequest} from './receiver.ts'
import type {SendRequest} from './sender.ts'

/**
 * Carries the stream of one step from sender to receiver and waits until the receiver has confirmed it.
 * The streams never pass through a buffer of ours; which side is local decides how the pipe is laid.
 */
export type Transfer = (ctx: RunContext, send: SendRequest, receive: ReceiveRequest) => Promise<ReceiveReply>
