import {inSpan, type RunContext, type Span, withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {LaneConnection, OpenConnection} from '../core/lane.ts'
import {formatDuration} from '../core/units.ts'
import {ceilingMs} from './ceiling.ts'
import {createFarSpans} from './far-spans.ts'
import {type BodyLimits, encodeFrame, readFrame} from './frame.ts'
import {createFrameBytes, type FrameBytes} from './frame-bytes.ts'
import {createListener} from './listen.ts'
import {greetAsClient} from './prelude.ts'
import {formatRequest, type Request} from './request.ts'
import {parseResponse, type Response} from './response.ts'
import {responseLimits} from './response-limits.ts'
import {FRAME_MISSED, SIGN_EVERY_MS, SIGNS_MISSED, type Watch, watchForSigns} from './signs-of-life.ts'

/** The active side's end of one connection: one request at a time. */
export type Lane = {
  readonly connection: LaneConnection
  /** True between an answer and the next request: the pipes are at a frame's border on both sides. */
  idle(): boolean
  /** Ends our half of the connection; an answer can still come. */
  hangUp(): void
  /** Ends the connection in order. Even when an answer still comes, nothing more can be asked. */
  close(): Promise<void>
  /** Sends a request whose answer is awaited with `answer`. A raw stream may be written in between. */
  ask(ctx: RunContext, request: Request): Promise<void>
  /** Reads one answer. An `error` answer is thrown. */
  answer<Verb extends Response['verb']>(ctx: RunContext, verb: Verb): Promise<Extract<Response, {verb: Verb}>>
}

/**
 * Opens a connection and greets. The connection is a task of `run`, and its end one of `ends`. Throws `peer-unreachable`,
 * `peer-protocol` or `peer-refused` with what ssh said.
 */
export async function openLane(
  ctx: RunContext,
  run: RunContext,
  open: OpenConnection,
  ends: Promise<unknown>[],
): Promise<Lane> {
  return await withSpan(ctx, 'open-lane', {}, async (ctx) => {
    const connection = await open(inSpan(run, run.span))
    const span = run.span.task('lane', {peer: connection.peer, argv: connection.argv})
    ends.push(connection.gone.then((facts) => span.end(facts)))
    try {
      await greetAsClient(connection.reader, connection.writer, ctx.signal)
    } catch (error) {
      connection.burn()
      throw ctx.signal.aborted ? error : await withComplaint(connection, error)
    }
    connection.greeted()
    return createLane(run, connection)
  })
}

function createLane({clock, log, span}: RunContext, connection: LaneConnection): Lane {
  let id = 0
  let idle = true
  let verb: Request['verb'] = 'alive'
  let limits: BodyLimits | undefined
  let ended = false
  let gone = false
  let watch: Watch | undefined
  let ceiling: Watch | undefined
  let frames: FrameBytes | undefined
  const spans = createFarSpans(connection.peer)
  connection.onTold(
    createListener(log.with({side: 'peer', peer: connection.peer}), span.stack, spans, () => watch?.sign()),
  )
  void connection.gone.then(() => {
    gone = true
    watch?.stop()
    ceiling?.stop()
    spans.end()
  })

  /** A watch that is given no sign: neither may a host that slept, or a process that was stopped, count as time here. */
  function limit(ms: number): void {
    ceiling?.stop()
    // Nobody would stop it any more, and the process would not end before it does.
    if (gone) return
    ceiling = watchForSigns(clock, Math.ceil(ms / SIGN_EVERY_MS), () =>
      connection.burn(unanswered(connection, verb, ms)),
    )
  }

  function begin(span: Span | undefined): void {
    if (!idle) return
    idle = false
    if (span !== undefined) spans.asked(span)
    watch = watchForSigns(
      clock,
      SIGNS_MISSED,
      () => connection.burn(silent(connection)),
      connection.hasUnread,
    )
  }

  function settle(): void {
    idle = true
    spans.answered()
    watch?.stop()
  }

  return {
    connection,
    idle: () => idle && !ended,
    hangUp() {
      ended = true
      connection.hangUp()
    },
    close() {
      ended = true
      return connection.close()
    },
    async ask(ctx, request) {
      const span = request.verb === 'alive' ? undefined : ctx.span
      verb = request.verb
      limit(ceilingMs(request))
      begin(span)
      if (frames?.span !== span) frames = span && createFrameBytes(span)
      id += 1
      limits = responseLimits(request)
      const body = formatRequest(id, request, span && {span: span.stack, told: span.kept})
      const frame = encodeFrame('request', body)
      await connection.writer.write(frame, ctx.signal, () => watch?.sign())
      frames?.request(frame.length)
      // Its answer comes behind streams, which take as long as they take.
      if (verb === 'receive') ceiling?.stop()
    },
    async answer<Verb extends Response['verb']>(ctx: RunContext, due: Verb) {
      const body = await readFrame(connection.reader, 'response', ctx.signal, {
        limits,
        begun(bytes) {
          frames?.response(bytes)
          if (verb === 'receive') limit(FRAME_MISSED * SIGN_EVERY_MS)
        },
        moved: () => watch?.sign(),
      })
      if (body === undefined) {
        throw await withComplaint(
          connection,
          new OperationalError('peer-unreachable', 'the peer closed the connection', {retryable: true}),
        )
      }
      ceiling?.stop()
      const response = parseResponse(body, id)
      // Refused in the middle of a stream, the rest of it is still in the pipe.
      const isRefusal =
        response.verb === 'error' || (response.verb === 'received' && response.failure !== undefined)
      if (response.verb !== 'sending' && !(isRefusal && verb === 'receive')) settle()
      if (response.verb === 'error') throw response.error
      if (response.verb !== due)
        throw new OperationalError(
          'peer-protocol',
          `the peer answered '${response.verb}' where '${due}' was due`,
        )
      return response as Extract<Response, {verb: Verb}>
    },
  }
}

function silent({peer}: LaneConnection): OperationalError {
  return new OperationalError('peer-unreachable', `${peer}: no sign of life for half a minute`, {
    hint: 'look at the host and at zrepl stdinserver there',
    retryable: true,
  })
}

function unanswered({peer}: LaneConnection, verb: Request['verb'], ms: number): OperationalError {
  return new OperationalError(
    'peer-unreachable',
    `${peer}: no answer to '${verb}' within ${formatDuration(ms)}, only signs of life`,
    {hint: 'look at what zrepl stdinserver does there, and whether its pools hang', retryable: true},
  )
}

/** Adds the peer's name and what ssh or the peer said on stderr: that is usually the real reason. */
async function withComplaint(connection: LaneConnection, error: unknown): Promise<unknown> {
  if (!(error instanceof OperationalError)) return error
  await connection.gone
  const complaint = connection.complaint()
  return new OperationalError(
    error.code,
    `${connection.peer}: ${error.message}${complaint === '' ? '' : `: ${complaint}`}`,
    {
      hint: error.hint,
      retryable: error.retryable,
      cause: error.cause,
    },
  )
}
