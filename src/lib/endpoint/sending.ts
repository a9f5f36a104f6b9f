import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Pace} from '../core/stream.ts'
import type {StreamStages} from '../core/stream-stage.ts'
import type {SendPolicy} from '../plan/policy.ts'
import type {SendArgs, ZfsClient} from '../zfs/client.ts'
import {isRefusal} from '../zfs/is-refusal.ts'
import type {PlannedStream} from '../zfs/judge-stream.ts'
import type {ZfsFailure} from '../zfs/read-stderr.ts'
import {nameOfSnapshot, type Snapshot} from '../zfs/version.ts'
import {checkToken} from './check-token.ts'
import {sendCompressed} from './compressed.ts'
import {type FindVersion, gone} from './find-version.ts'
import {createInspector} from './inspector.ts'
import type {KnownPool} from './pool.ts'
import {flagsFor} from './send-policy.ts'
import type {Estimate, LocalSender, SendRequest} from './sender.ts'

type Sends = {
  readonly policy: SendPolicy
  readonly pace: Pace | undefined
  readonly stages: StreamStages
}

/** Streams of the sender on this host. */
export function createSending(
  zfs: ZfsClient,
  pool: KnownPool,
  find: FindVersion,
  {policy, pace, stages}: Sends,
): Pick<LocalSender, 'estimate' | 'prepareSend'> {
  async function prepare(
    ctx: RunContext,
    request: SendRequest,
  ): Promise<{readonly args: SendArgs; readonly planned: PlannedStream}> {
    const to = await find.to(ctx, request.filesystem, request.to)
    const from = await find.from(ctx, request.filesystem, request.from)
    const dataset = (await pool.dataset(ctx, request.filesystem)) ?? gone(request.filesystem, request.to)
    const args = {to, from, flags: flagsFor(policy, dataset), resumeToken: request.resumeToken}
    const raw = dataset.encrypted && args.flags.raw
    checkToken(args, raw)
    return {args, planned: {type: dataset.type, raw, toguid: to.guid, fromguid: from?.guid}}
  }

  async function estimateOf(ctx: RunContext, request: SendRequest): Promise<Estimate> {
    try {
      const {args} = await prepare(ctx, request)
      return {bytes: await zfs.estimate(ctx, args), refusal: undefined}
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      return {
        bytes: undefined,
        refusal: error.hint === undefined ? error.message : `${error.message} (hint: ${error.hint})`,
      }
    }
  }

  return {
    async estimate(ctx, requests) {
      const estimates: Estimate[] = []
      for (const request of requests) estimates.push(await estimateOf(ctx, request))
      return estimates
    },

    async prepareSend(ctx, requests) {
      const prepared: Awaited<ReturnType<typeof prepare>>[] = []
      for (const request of requests) prepared.push(await prepare(ctx, request))
      return (ctx, sink, {began, compression} = {}) =>
        sendCompressed(ctx, stages, compression, sink, async (sink) => {
          for (const [index, {args, planned}] of prepared.entries()) {
            began?.(index)
            const {inspect} = createInspector(planned, (because) => notAsPlanned(args.to, because))
            const outcome = await zfs.send(ctx, args, {sink, inspect, pace, bufferBytes: policy.bufferBytes})
            if (outcome.kind === 'failed') throw sendError(args.to, outcome.failure)
          }
        })
    },
  }
}

function sendError(to: Snapshot, failure: ZfsFailure): OperationalError {
  const keyMissing = failure.kind === 'key-not-loaded'
  return new OperationalError(
    keyMissing ? 'key-not-loaded' : 'send-failed',
    `cannot send ${quoted(nameOfSnapshot(to))}: ${failure.message}`,
    {
      retryable: !isRefusal(failure),
      hint: keyMissing ? `load the key (zfs load-key) or send raw (send.encrypted: true)` : undefined,
    },
  )
}

function notAsPlanned(to: Snapshot, because: string): OperationalError {
  return new OperationalError(
    'send-policy',
    `the stream that zfs send writes for ${quoted(nameOfSnapshot(to))} is not the planned one: ${because}`,
    {hint: 'nothing of it has left this host; run the job again, and report it if it stays so'},
  )
}
