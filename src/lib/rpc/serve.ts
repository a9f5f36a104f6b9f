import {type RunContext, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {ByteReader, ByteWriter} from '../core/stream.ts'
import type {LocalReceiver} from '../endpoint/receiver.ts'
import type {LocalSender} from '../endpoint/sender.ts'
import {encodeFrame, readFrame} from './frame.ts'
import {createFrameBytes} from './frame-bytes.ts'
import {patienceMs} from './patience.ts'
import {type Cause, parseRequest, type Request} from './request.ts'
import {formatResponse, type Response} from './response.ts'
import {responseLimits} from './response-limits.ts'
import {
  BYTES_MISSED,
  FRAME_MISSED,
  giveSigns,
  SIGN_EVERY_MS,
  SIGNS_MISSED,
  type Watch,
  watchForSigns,
} from './signs-of-life.ts'

/** What a client identity is served with: an endpoint, or the reason why there is none. */
export type Served =
  | {readonly kind: 'sender'; readonly sender: LocalSender}
  | {readonly kind: 'receiver'; readonly receiver: LocalReceiver}
  | {readonly kind: 'refused'; readonly error: OperationalError}

/** What the serving side tells beside its answers, and knows of the client beside its requests. */
export type Beside = {
  /** Gives the client a sign of life. */
  readonly heartbeat: () => void
  /** The context of a request: with a span below the one that caused it, of which the client is told if it wants to be. */
  readonly requestContext: (ctx: RunContext, verb: Request['verb'], cause: Cause | undefined) => RunContext
  /** Whether anything of a stream has come since it was asked for the last time; `undefined`: nobody can tell. */
  readonly hasMoved: () => boolean | undefined
}

/**
 * Serves one lane that has been greeted until the client closes it. Throws what the client must not be told in a
 * response: its own mistakes; and `peer-unreachable` when it gives no sign of life.
 */
export async function serve(
  ctx: RunContext,
  served: Served,
  reader: ByteReader,
  writer: ByteWriter,
  beside: Beside,
): Promise<void> {
  let state: PipeState = 'at-frame'
  let sentBytes = 0
  while (state !== 'in-stream') {
    let requestBytes = 0
    let signs: Pick<Watch, 'stop'> | undefined
    try {
      const body = await nextFrame(ctx, reader, state, sentBytes, (bytes) => {
        requestBytes = bytes
        // From now on: a long one may be on its way for minutes after the client has written all of it.
        signs = giveSigns(ctx.clock, beside.heartbeat)
      })
      if (body === undefined) return
      const {id, request, cause} = parseRequest(body)
      const requestCtx = beside.requestContext(ctx, request.verb, cause)
      const frames = createFrameBytes(requestCtx.span)
      frames.request(requestBytes)
      const answers = createAnswers(ctx, writer, id, request, (bytes) => {
        sentBytes = bytes
        frames.response(bytes)
      })
      try {
        state = await handle(requestCtx, served, request, answers, reader, writer, beside.hasMoved)
      } finally {
        requestCtx.span.end()
      }
    } finally {
      signs?.stop()
    }
  }
}

/** What the client is answered. */
type Answers = {
  respond(response: Response): Promise<void>
  /** The client has got one by half: nothing more can be said to it. */
  isCut(): boolean
}

function createAnswers(
  ctx: RunContext,
  writer: ByteWriter,
  id: number,
  request: Request,
  count: (bytes: number) => void,
): Answers {
  let cut = false
  return {
    async respond(response) {
      const frame = encodeFrame('response', formatResponse(id, response), responseLimits(request))
      cut = true
      await asAWhole(ctx, (signal, sign) => writer.write(frame, signal, sign), NOT_TAKEN)
      cut = false
      count(frame.length)
    },
    isCut: () => cut,
  }
}

/** Where a connection is after a request: in the middle of a stream it cannot go on. */
type PipeState = 'at-frame' | 'in-stream' | {readonly behindStreams: number}

/**
 * Behind its streams the client has to say soon that they have arrived. One that does not may have got less than a whole
 * one and be waiting for the rest, as we wait for it.
 */
async function nextFrame(
  ctx: RunContext,
  reader: ByteReader,
  state: Exclude<PipeState, 'in-stream'>,
  sentBytes: number,
  begun: (bytes: number) => void,
): Promise<unknown> {
  if (state === 'at-frame')
    return await asAWhole(
      ctx,
      (signal, moved) => readFrame(reader, 'request', signal, {begun, moved}),
      noRequest(sentBytes),
    )
  const answered = new AbortController()
  const impatient = new AbortController()
  const patience = patienceMs(state.behindStreams)
  ctx.clock.sleep(patience, answered.signal).then(
    () => impatient.abort(notWhole(patience)),
    () => undefined,
  )
  try {
    return await readFrame(reader, 'request', AbortSignal.any([ctx.signal, impatient.signal]), {begun})
  } finally {
    answered.abort()
  }
}

function notWhole(patience: number): OperationalError {
  return new OperationalError(
    'send-failed',
    `zfs send ended without an error, but ${patience / 1000} s later its stream has not arrived as a whole`,
  )
}

const NO_BYTES: Silence = {
  missed: BYTES_MISSED,
  because: `nothing of the stream has come for ${(BYTES_MISSED * SIGN_EVERY_MS) / 60_000} minutes`,
}
const NO_REQUEST: Silence = {
  missed: SIGNS_MISSED,
  because: 'the client has asked for nothing and given no sign of life for half a minute',
}
const NOT_TAKEN: Silence = {
  missed: SIGNS_MISSED,
  because: 'the client has taken nothing of an answer for half a minute',
}
const NOT_WHOLE: Silence = {
  missed: FRAME_MISSED,
  because: `a frame has not gone through as a whole within ${(FRAME_MISSED * SIGN_EVERY_MS) / 3_600_000} hours`,
}

/** What sshd and the network may hold of an answer that has been written, bytes. */
const MAX_UNDER_WAY = 4 * 1024 * 1024
/** What gets through a slow line between two looks, bytes. */
const BYTES_A_LOOK = 32 * 1024 * (SIGN_EVERY_MS / 1000)

/** Until the whole of an answer has come through a slow line, up to two minutes, the client cannot ask for more. */
function noRequest(sentBytes: number): Silence {
  const more = Math.floor(Math.min(sentBytes, MAX_UNDER_WAY) / BYTES_A_LOOK)
  return {...NO_REQUEST, missed: NO_REQUEST.missed + more}
}

/** Reads or writes one frame: while any of it moves the other side is there, but it has to come to an end. */
async function asAWhole<T>(
  ctx: RunContext,
  work: (signal: AbortSignal, sign: () => void) => Promise<T>,
  silence: Silence,
): Promise<T> {
  return await unlessSilent(ctx, (signal) => unlessSilent(withSignal(ctx, signal), work, silence), NOT_WHOLE)
}

type Silence = {readonly missed: number; readonly because: string}

/**
 * Ends `work`, which waits for the client and says when it sees a sign of it, by its signal with `peer-unreachable` when it
 * waits in vain.
 */
export async function unlessSilent<T>(
  ctx: RunContext,
  work: (signal: AbortSignal, sign: () => void) => Promise<T>,
  {missed, because} = NO_REQUEST,
  look?: () => boolean,
): Promise<T> {
  const silent = new AbortController()
  const onSilence = () => silent.abort(new OperationalError('peer-unreachable', because, {retryable: true}))
  const watch = watchForSigns(ctx.clock, missed, onSilence, look)
  try {
    return await work(AbortSignal.any([ctx.signal, silent.signal]), watch.sign)
  } finally {
    watch.stop()
  }
}

/** Answers one request. */
async function handle(
  ctx: RunContext,
  served: Served,
  request: Request,
  {respond, isCut}: Answers,
  reader: ByteReader,
  writer: ByteWriter,
  hasMoved: Beside['hasMoved'],
): Promise<PipeState> {
  // From `receive` on, the client's streams are in the pipe: only a complete receive leaves the pipe at the next frame.
  let inStream = request.verb === 'receive'
  try {
    if (served.kind === 'refused') throw served.error
    if (request.verb === 'receive') {
      const reply = await unlessSilent(
        ctx,
        (signal) =>
          receiverOf(served).receive({...ctx, signal}, request.requests, reader.stream, {
            compression: request.compression,
          }),
        NO_BYTES,
        () => hasMoved() ?? true,
      )
      if (reply.failure !== undefined) {
        warnOfFailure(ctx, request, reply.failure)
        await respond({verb: 'received', ...reply})
        return 'in-stream'
      }
      inStream = false
      await respond({verb: 'received', ...reply})
    } else if (request.verb === 'send') {
      const send = await senderOf(served).prepareSend(ctx, request.requests)
      await respond({verb: 'sending'})
      inStream = true
      await send(ctx, writer.stream, {compression: request.compression})
      return {behindStreams: request.requests.length}
    } else {
      await respond(await answerTo(ctx, served, request))
    }
    return 'at-frame'
  } catch (error) {
    if (!(error instanceof OperationalError) || isCut()) throw error
    warnOfFailure(ctx, request, error)
    if (request.verb === 'send' && inStream) throw error
    await respond({verb: 'error', error})
    return inStream ? 'in-stream' : 'at-frame'
  }
}

function warnOfFailure(ctx: RunContext, {verb}: Request, {code, message}: OperationalError): void {
  ctx.log.of('rpc').warn('request failed', {verb, code, error: message})
}

async function answerTo(
  ctx: RunContext,
  served: Served,
  request: Exclude<Request, {verb: 'send' | 'receive'}>,
): Promise<Response> {
  switch (request.verb) {
    case 'observe':
      return {verb: 'observed', view: await endpointOf(served).observe(ctx, request.confirm)}
    case 'estimate':
      return {verb: 'estimated', estimates: await senderOf(served).estimate(ctx, request.requests)}
    case 'estimate-destroy': {
      const freed = await endpointOf(served).estimateDestroy(ctx, request.requests)
      return {verb: 'estimated', estimates: freed.map((bytes) => ({bytes, refusal: undefined}))}
    }
    case 'protect':
      return {verb: 'outcomes', outcomes: await senderOf(served).protect(ctx, request.requests)}
    case 'complete':
      return {verb: 'outcomes', outcomes: await senderOf(served).complete(ctx, request.requests)}
    case 'settle':
      return {verb: 'sent'}
    case 'alive':
      return {verb: 'alive'}
    case 'abort-partial':
      return {verb: 'outcomes', outcomes: await receiverOf(served).abortPartial(ctx, request.filesystems)}
    case 'set-aside':
      return {verb: 'outcomes', outcomes: await receiverOf(served).setAside(ctx, request.requests)}
    case 'hold-last-received':
      return {verb: 'outcomes', outcomes: await receiverOf(served).holdLastReceived(ctx, request.requests)}
    case 'destroy':
      return {verb: 'destroyed', replies: await endpointOf(served).destroySnapshots(ctx, request.requests)}
  }
}

function endpointOf(served: Served): LocalSender | LocalReceiver {
  if (served.kind === 'refused') throw served.error
  return served.kind === 'sender' ? served.sender : served.receiver
}

function senderOf(served: Served): LocalSender {
  if (served.kind === 'sender') return served.sender
  throw new OperationalError('peer-refused', 'this side is a sink: it receives, it does not send', {
    hint: 'a sink serves push jobs, a source serves pull jobs',
  })
}

function receiverOf(served: Served): LocalReceiver {
  if (served.kind === 'receiver') return served.receiver
  throw new OperationalError('peer-refused', 'this side is a source: it sends, it does not receive', {
    hint: 'a sink serves push jobs, a source serves pull jobs',
  })
}
