import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {Compression} from '../core/stream-stage.ts'
import type {LocalReceiver, ReceiveReply, Receiver} from '../endpoint/receiver.ts'
import type {DestroyRequest, LocalSender, Sender, StreamBegan} from '../endpoint/sender.ts'
import type {Transfer, TransferBegan} from '../endpoint/transfer.ts'
import type {EndpointView} from '../endpoint/view.ts'
import {isRefusal} from '../zfs/is-refusal.ts'
import type {DatasetName} from '../zfs/name.ts'
import {readFailure} from '../zfs/read-stderr.ts'
import type {Lane} from './client.ts'
import type {Lanes} from './lanes.ts'
import {patienceMs} from './patience.ts'
import type {Request} from './request.ts'
import type {Response} from './response.ts'

/** How long the peer may take to say why it stopped reading, milliseconds. */
const LAST_WORDS_MS = 10_000
/** Likewise for a peer that has stopped writing, which is gone already or did not stop by itself. */
const SENDERS_WORDS_MS = 1000

/** The sender on the other side of the lanes. */
export function createRemoteSender(lanes: Lanes): Sender {
  return {
    observe: (ctx, confirm) => observe(lanes, ctx, confirm),
    estimate: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'estimate', requests}, 'estimated')).estimates,
    protect: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'protect', requests}, 'outcomes')).outcomes,
    complete: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'complete', requests}, 'outcomes')).outcomes,
    estimateDestroy: (ctx, requests) => estimateDestroy(lanes, ctx, requests),
    destroySnapshots: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'destroy', requests}, 'destroyed')).replies,
  }
}

/** The receiver on the other side of the lanes. */
export function createRemoteReceiver(lanes: Lanes): Receiver {
  return {
    observe: (ctx, confirm) => observe(lanes, ctx, confirm),
    abortPartial: async (ctx, filesystems) =>
      (await call(lanes, ctx, {verb: 'abort-partial', filesystems}, 'outcomes')).outcomes,
    setAside: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'set-aside', requests}, 'outcomes')).outcomes,
    holdLastReceived: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'hold-last-received', requests}, 'outcomes')).outcomes,
    estimateDestroy: (ctx, requests) => estimateDestroy(lanes, ctx, requests),
    destroySnapshots: async (ctx, requests) =>
      (await call(lanes, ctx, {verb: 'destroy', requests}, 'destroyed')).replies,
  }
}

async function observe(
  lanes: Lanes,
  ctx: RunContext,
  confirm?: readonly DatasetName[],
): Promise<EndpointView> {
  return (await call(lanes, ctx, {verb: 'observe', confirm}, 'observed')).view
}

async function estimateDestroy(
  lanes: Lanes,
  ctx: RunContext,
  requests: readonly DestroyRequest[],
): Promise<readonly (bigint | undefined)[]> {
  const {estimates} = await call(lanes, ctx, {verb: 'estimate-destroy', requests}, 'estimated')
  return estimates.map(({bytes}) => bytes)
}

async function call<Verb extends Response['verb']>(
  lanes: Lanes,
  ctx: RunContext,
  request: Request,
  verb: Verb,
): Promise<Extract<Response, {verb: Verb}>> {
  return await lanes.control(ctx, request.verb, async (ctx, lane) => {
    await lane.ask(ctx, request)
    return await lane.answer(ctx, verb)
  })
}

/** push: our `zfs send` writes into the lane, the far `zfs receive` reads from it. */
export function createPushTransfer(lanes: Lanes, sender: LocalSender, compression?: Compression): Transfer {
  return async (ctx, sendRequests, receiveRequests, began) => {
    const send = await sender.prepareSend(ctx, sendRequests)
    return await lanes.stream(ctx, 'receive', async (ctx, lane) => {
      await lane.ask(ctx, {verb: 'receive', requests: receiveRequests, compression})
      const answer = lane.answer(ctx, 'received').then((reply) => checked(reply, receiveRequests.length))
      try {
        await sendUnlessRefused(
          ctx,
          (ctx) => send(ctx, lane.connection.writer.stream, {began: onLane(lane, began), compression}),
          answer,
        )
      } catch (error) {
        return await lastWords(ctx, answer, () => lane.close(), error)
      }
      return await answerToWhole(ctx, lane, answer, sendRequests.length)
    })
  }
}

function onLane({connection}: Lane, began: TransferBegan | undefined): StreamBegan {
  return (index) => began?.(index, connection.carrier)
}

/** What a receiver says that cannot be is believed in nothing. */
function checked({arrived, warnings, failure}: ReceiveReply, streams: number): ReceiveReply {
  if (failure === undefined ? arrived === streams : arrived < streams)
    return {arrived, warnings, ...(failure === undefined ? {} : {failure})}
  throw new OperationalError(
    'peer-protocol',
    `the peer says that ${arrived} of ${streams} streams have arrived, ${failure === undefined ? 'and no more' : 'and that one has failed'}`,
  )
}

/** pull: the far `zfs send` writes into the lane, our `zfs receive` reads from it. */
export function createPullTransfer(
  lanes: Lanes,
  receiver: LocalReceiver,
  compression?: Compression,
): Transfer {
  return async (ctx, sendRequests, receiveRequests, began) =>
    await lanes.stream(ctx, 'send', async (ctx, lane) => {
      await lane.ask(ctx, {verb: 'send', requests: sendRequests, compression})
      await lane.answer(ctx, 'sending')
      const {failure, ...reply} = await receiver
        .receive(ctx, receiveRequests, lane.connection.reader.stream, {
          began: onLane(lane, began),
          compression,
        })
        .catch(async (error: unknown) => {
          throw await withSendersWords(ctx, lane, error)
        })
      if (failure !== undefined) return {...reply, failure: await withSendersWords(ctx, lane, failure)}
      await settle(ctx, lane)
      return reply
    })
}

/**
 * The answer to streams that `zfs send` says it has written. A receiver that got less than a whole one waits for
 * the rest, which never comes: so when the answer takes long, our half of the connection ends, which one that is only
 * slow does not even notice.
 */
async function answerToWhole(
  ctx: RunContext,
  lane: Lane,
  answer: Promise<ReceiveReply>,
  streams: number,
): Promise<ReceiveReply> {
  if (await settlesWithin(ctx, answer, patienceMs(streams))) return await answer
  lane.hangUp()
  try {
    const {failure, ...reply} = await answer
    return failure === undefined ? reply : {...reply, failure: notWhole(failure)}
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof OperationalError)) throw error
    throw notWhole(error)
  }
}

function notWhole(error: OperationalError): OperationalError {
  return new OperationalError(
    'send-failed',
    `zfs send ended without an error, but not with a whole stream: ${error.message}`,
    {
      hint: 'run it by hand on the sender (zfs send … | zstream dump) to see what it writes',
      retryable: error.retryable,
      cause: error,
    },
  )
}

/** The receiver has confirmed the snapshot, so nothing the sender could still say matters: at worst the lane is burnt. */
async function settle(ctx: RunContext, lane: Lane): Promise<void> {
  try {
    await lane.ask(ctx, {verb: 'settle'})
    await lane.answer(ctx, 'sent')
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof OperationalError)) throw error
    ctx.log.of('rpc').debug('the connection ended behind the stream', {error: error.message})
  }
}

/** A sender that fails in the middle of a stream can tell why on stderr only. */
async function withSendersWords<T>(
  ctx: RunContext,
  {connection}: Lane,
  error: T,
): Promise<T | OperationalError> {
  if (ctx.signal.aborted || !(error instanceof OperationalError)) return error
  // Of a peer that was given up for what it does, what it says is no reason.
  if (error.code === 'peer-protocol') return error
  if (!(await settlesWithin(ctx, connection.gone, SENDERS_WORDS_MS))) return error
  const complaint = connection.complaint()
  if (complaint === '') return error
  const failure = readFailure(complaint)
  const code = failure.kind === 'key-not-loaded' ? 'key-not-loaded' : 'send-failed'
  return new OperationalError(code, `${connection.peer}: ${complaint}; ${error.message}`, {
    retryable: error.retryable && !isRefusal(failure),
    cause: error,
  })
}

/** Whether `promise` settles, in whatever way, before so much time has passed. */
async function settlesWithin(ctx: RunContext, promise: Promise<unknown>, ms: number): Promise<boolean> {
  const timeout = new AbortController()
  const settled = promise.then(
    () => true,
    () => true,
  )
  const late = ctx.clock.sleep(ms, timeout.signal).then(
    () => false,
    () => false,
  )
  try {
    return await Promise.race([settled, late])
  } finally {
    timeout.abort()
  }
}

/** Runs `send`, and stops it when the receiver answers with an error before the stream is through. */
async function sendUnlessRefused(
  ctx: RunContext,
  send: (ctx: RunContext) => Promise<void>,
  answer: Promise<ReceiveReply>,
): Promise<void> {
  const refused = new AbortController()
  answer.then(
    ({failure}) => failure === undefined || refused.abort(failure),
    (error) => refused.abort(error),
  )
  await send({...ctx, signal: AbortSignal.any([ctx.signal, refused.signal])})
}

/**
 * The sender failed in the middle of a stream. Ending the connection lets the receiver see the cut, keep its partial
 * state, and tell its own reason. Which of the two came first cannot be seen from here, since a receiver that goes breaks
 * the sender's pipe: so both are told.
 */
async function lastWords(
  ctx: RunContext,
  answer: Promise<ReceiveReply>,
  hangUp: () => Promise<void>,
  error: unknown,
): Promise<ReceiveReply> {
  if (ctx.signal.aborted || !(error instanceof OperationalError)) throw error
  const closed = hangUp()
  try {
    if (!(await settlesWithin(ctx, answer, LAST_WORDS_MS))) throw error
    const reply = await answer
    // That all is there is not believed of a stream of which the sender says that it has failed.
    if (reply.failure === undefined) throw error
    return {...reply, failure: bothWords(error, reply.failure)}
  } catch (reason) {
    throw bothWords(error, reason)
  } finally {
    await closed
  }
}

function bothWords(error: OperationalError, reason: unknown): OperationalError {
  if (!(reason instanceof OperationalError) || reason.code === 'peer-unreachable') return error
  if (error === reason) return reason
  const told = error.code === 'send-failed' ? reason : error
  return new OperationalError(told.code, `${error.message}; ${reason.message}`, {
    hint: told.hint,
    retryable: error.retryable && reason.retryable,
    cause: error,
  })
}
