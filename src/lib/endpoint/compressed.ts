import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {StreamHandle} from '../core/stream.ts'
import type {Compression, StreamStage, StreamStages} from '../core/stream-stage.ts'
import type {ReceiveReply} from './receiver.ts'

/** Runs `send` with `sink`, or with a stage in front of it. */
export async function sendCompressed(
  ctx: RunContext,
  stages: StreamStages,
  compression: Compression | undefined,
  sink: StreamHandle,
  send: (sink: StreamHandle) => Promise<void>,
): Promise<void> {
  if (compression === undefined) return await send(sink)
  const stage = stages.compress(ctx, compression, sink)
  await unlessStopped(ctx, stage, async () => {
    await send(stage.stream)
    await stage.end(ctx)
  })
}

/** Runs `receive` with `source`, or with a stage behind it. All that has passed a stage that failed is no success. */
export async function receiveCompressed(
  ctx: RunContext,
  stages: StreamStages,
  compression: Compression | undefined,
  source: StreamHandle,
  receive: (source: StreamHandle) => Promise<ReceiveReply>,
): Promise<ReceiveReply> {
  if (compression === undefined) return await receive(source)
  const stage = stages.decompress(ctx, compression.type, source)
  return await unlessStopped(ctx, stage, async () => {
    const reply = await receive(stage.stream)
    if (reply.failure !== undefined)
      return {...reply, failure: withStageFailure(await stage.stop(), reply.failure)}
    await stage.end(ctx)
    return reply
  })
}

async function unlessStopped<T>(ctx: RunContext, stage: StreamStage, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const failed = await stage.stop()
    if (ctx.signal.aborted || !(error instanceof OperationalError)) throw error
    throw withStageFailure(failed, error)
  }
}

/** What ZFS says of a stream that breaks off is no reason. */
function withStageFailure(failed: OperationalError | undefined, error: OperationalError): OperationalError {
  if (failed === undefined || failed === error) return error
  return new OperationalError(error.code, `${failed.message}; ${error.message}`, {
    hint: failed.hint ?? error.hint,
    retryable: error.retryable,
    cause: error,
  })
}
