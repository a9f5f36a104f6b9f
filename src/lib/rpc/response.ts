import type {RpcResponse} from '../../generated/rpc-response-types.ts'
import validateResponse from '../../generated/validate-rpc-response.js'
import {parseJobId} from '../abstraction/job-id.ts'
import {isErrorCode, OperationalError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {ReceiveReply} from '../endpoint/receiver.ts'
import type {DestroyReply, Estimate} from '../endpoint/sender.ts'
import type {EndpointView} from '../endpoint/view.ts'
import type {Outcome} from '../zfs/client.ts'
import {parseDatasetName} from '../zfs/name.ts'
import type {ZfsFailureKind} from '../zfs/read-stderr.ts'
import {formatView, viewOf} from './filesystem-view.ts'
import {malformed, named} from './malformed.ts'

/** What the passive side answers. Shapes: schemas/rpc-response.schema.json. */
export type Response =
  | {readonly verb: 'observed'; readonly view: EndpointView}
  | {readonly verb: 'estimated'; readonly estimates: readonly Estimate[]}
  | {readonly verb: 'outcomes'; readonly outcomes: readonly Outcome[]}
  | {readonly verb: 'sending'}
  | {readonly verb: 'sent'}
  | {readonly verb: 'alive'}
  | ({readonly verb: 'received'} & ReceiveReply)
  | {readonly verb: 'destroyed'; readonly replies: readonly DestroyReply[]}
  | {readonly verb: 'error'; readonly error: OperationalError}

/** The JSON body of a response. */
export function formatResponse(id: number, response: Response): object {
  switch (response.verb) {
    case 'observed':
      return {
        id,
        verb: 'observed',
        jobId: response.view.jobId,
        missing: response.view.missing,
        absent: response.view.absent,
        clockMs: response.view.clockMs,
        maxStreams: response.view.maxStreams,
        compressions: response.view.compressions,
        filesystems: response.view.filesystems.map(formatView),
      }
    case 'estimated':
      return {id, verb: 'estimated', estimates: response.estimates.map(formatEstimate)}
    case 'received': {
      const {failure, ...reply} = response
      return {id, ...reply, ...(failure === undefined ? {} : {failure: formatError(failure)})}
    }
    case 'error':
      return {id, verb: 'error', error: formatError(response.error)}
    default:
      return {id, ...response}
  }
}

/** Throws `peer-protocol` unless `body` answers request `id` as the schema says. */
export function parseResponse(body: unknown, id: number): Response {
  if (!validateResponse(body)) throw malformed('response', validateResponse.errors)
  const wire = body as RpcResponse
  if (wire.id !== id)
    throw new OperationalError('peer-protocol', `the peer answered request ${wire.id}, not ${id}`)
  return named(() => responseOf(wire))
}

function responseOf(wire: RpcResponse): Response {
  switch (wire.verb) {
    case 'observed':
      return {
        verb: 'observed',
        view: {
          jobId: parseJobId(wire.jobId),
          missing: wire.missing.map(parseDatasetName),
          ...(wire.absent === undefined ? {} : {absent: wire.absent.map(parseDatasetName)}),
          clockMs: wire.clockMs,
          maxStreams: wire.maxStreams,
          compressions: wire.compressions ?? [],
          filesystems: wire.filesystems.map(viewOf),
        },
      }
    case 'estimated':
      return {verb: 'estimated', estimates: wire.estimates.map(estimateOf)}
    case 'outcomes':
      return {verb: 'outcomes', outcomes: wire.outcomes.map(outcomeOf)}
    case 'sending':
      return {verb: 'sending'}
    case 'sent':
    case 'alive':
      return {verb: wire.verb}
    case 'received':
      return {
        verb: 'received',
        arrived: wire.arrived,
        warnings: wire.warnings.map(printable),
        ...(wire.failure === undefined ? {} : {failure: errorOf(wire.failure)}),
      }
    case 'destroyed':
      return {
        verb: 'destroyed',
        replies: wire.replies.map(({filesystem, outcomes}) => ({
          filesystem: parseDatasetName(filesystem),
          outcomes: outcomes.map(outcomeOf),
        })),
      }
    case 'error':
      return {verb: 'error', error: errorOf(wire.error)}
  }
}

function formatEstimate({bytes, refusal}: Estimate): WireEstimate {
  return {
    ...(bytes === undefined ? {} : {bytes: bytes.toString()}),
    ...(refusal === undefined ? {} : {refusal}),
  }
}

function estimateOf({bytes, refusal}: WireEstimate): Estimate {
  return {
    bytes: bytes === undefined ? undefined : BigInt(bytes),
    refusal: refusal === undefined ? undefined : printable(refusal),
  }
}

type WireEstimate = Extract<RpcResponse, {verb: 'estimated'}>['estimates'][number]

function outcomeOf(
  wire: {kind: 'done'} | {kind: 'failed'; failure: {kind: string; message: string}},
): Outcome {
  if (wire.kind === 'done') return {kind: 'done'}
  return {
    kind: 'failed',
    failure: {kind: wire.failure.kind as ZfsFailureKind, message: printable(wire.failure.message)},
  }
}

function formatError(error: OperationalError): object {
  return {
    code: error.code,
    message: error.message.slice(0, 4096),
    ...(error.hint === undefined ? {} : {hint: error.hint.slice(0, 4096)}),
    retryable: error.retryable,
  }
}

/** The peer's error as ours. A code we do not know is a newer peer's; its words are kept. */
function errorOf(wire: {code: string; message: string; hint?: string; retryable: boolean}): OperationalError {
  return new OperationalError(
    isErrorCode(wire.code) ? wire.code : 'peer-refused',
    `peer: ${printable(wire.message)}`,
    {
      hint: wire.hint === undefined ? undefined : printable(wire.hint),
      retryable: wire.retryable,
    },
  )
}
