import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {LocalReceiver, Receiver} from '../endpoint/receiver.ts'
import type {LocalSender, Sender} from '../endpoint/sender.ts'
import type {Transfer} from '../endpoint/transfer.ts'
import type {Lanes} from './lanes.ts'
import type {Request, Response} from './message.ts'

/** How long the peer may take to say why it stopped reading, milliseconds. */
const LAST_WORDS_MS = 10_000

/** The sender on the other side of the lanes. */
export function createRemoteSender(lanes: Lanes): Sender {
  return {
    observe: async (ctx) => (await call(lanes, ctx, {verb: 'observe'}, 'observed')).view,
    estimate: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'estimate', requests}, 'estimated')).estimates,
    protect: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'protect', requests}, 'outcomes')).outcomes,
    complete: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'complete', requests}, 'outcomes')).outcomes,
    destroySnapshots: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'destroy', requests}, 'destroyed')).replies,
  }
}

/** The receiver on the other side of the lanes. */
export function createRemoteReceiver(lanes: Lanes): Receiver {
  return {
    observe: async (ctx) => (await call(lanes, ctx, {verb: 'observe'}, 'observed')).view,
    abortPartial: async (ctx, filesystems) =>
      (await call(lanes, ctx, {verb: 'abort-partial', filesystems}, 'outcomes')).outcomes,
    holdLastReceived: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'hold-last-received', requests}, 'outcomes')).outcomes,
    destroySnapshots: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'destroy', requests}, 'destroyed')).replies,
  }
}

async function call<Verb extends Response['verb']>(
  lanes: Lanes,
  ctx: RunContext,
  request: Request,
  verb: Verb,
): Promise<Extract<Response, {verb: Verb}>> {
  return await lanes.use(ctx, async (lane) => {
    await lane.ask(ctx, request)
    return await lane.answer(ctx, verb)
  })
}

/** push: our `zfs send` writes into the lane, the far `zfs receive` reads from it. */
export function createPushTransfer(lanes: Lanes, sender: LocalSender): Transfer {
  return async (ctx, sendRequest, receiveRequest) => {
    const send = await sender.prepareSend(ctx, sendRequest)
    return await lanes.use(ctx, async (lane) => {
      await lane.ask(ctx, {verb: 'receive', request: receiveRequest})
      const answer = lane.answer(ctx, 'received')
      try {
        await sendUnlessRefused(ctx, (ctx) => send(ctx, lane.connection.writer.stream), answer)
      } catch (error) {
        throw await lastWords(ctx, answer, () => lane.connection.close(), error)
      }
      const {warnings} = await answer
      return {warnings}
    })
  }
}

/** pull: the far `zfs send` writes into the lane, our `zfs receive` reads from it. */
export function createPullTransfer(lanes: Lanes, receiver: LocalReceiver): Transfer {
  return async (ctx, sendRequest, receiveRequest) =>
    await lanes.use(ctx, async (lane) => {
      await lane.ask(ctx, {verb: 'send', request: sendRequest})
      await lane.answer(ctx, 'sending')
      const reply = await receiver.receive(ctx, receiveRequest, lane.connection.reader.stream)
      await lane.answer(ctx, 'sent')
      return reply
    })
}

/** Runs `send`, and stops it when the receiver answers with an error before the stream is through. */
async function sendUnlessRefused(
  ctx: RunContext,
  send: (ctx: RunContext) => Promise<void>,
  answer: Promise<unknown>,
): Promise<void> {
  const refused = new AbortController()
  answer.catch((error) => refused.abort(error))
  await send({...ctx, signal: AbortSignal.any([ctx.signal, refused.signal])})
}

/**
 * The sender failed in the middle of a stream. Ending the connection lets the receiver see the cut, keep its partial
 * state, and tell its own reason, which is the better one when the pipe broke because the receiver had gone.
 */
async function lastWords(
  ctx: RunContext,
  answer: Promise<unknown>,
  hangUp: () => Promise<void>,
  error: unknown,
): Promise<unknown> {
  if (ctx.signal.aborted) return error
  const closed = hangUp()
  const timeout = new AbortController()
  const late = ctx.clock.sleep(LAST_WORDS_MS, timeout.signal).catch(() => undefined)
  try {
    await Promise.race([answer, late])
    return error
  } catch (reason) {
    return reason instanceof OperationalError && reason.code !== 'peer-unreachable' ? reason : error
  } finally {
    timeout.abort()
    await closed
  }
}
