import type {RpcRequest} from '../../generated/rpc-request-types.ts'
import type {RpcResponse} from '../../generated/rpc-response-types.ts'
import validateRequest from '../../generated/validate-rpc-request.js'
import validateResponse from '../../generated/validate-rpc-response.js'
import {parseJobId} from '../abstraction/job-id.ts'
import {isErrorCode, OperationalError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {
  HoldLastReceivedRequest,
  ReceiveReply,
  ReceiveRequest,
  SetAsideRequest,
} from '../endpoint/receiver.ts'
import type {
  CompleteRequest,
  DestroyReply,
  DestroyRequest,
  Estimate,
  ProtectRequest,
  SendRequest,
} from '../endpoint/sender.ts'
import type {EndpointView, FilesystemView, Sending} from '../endpoint/view.ts'
import type {Outcome} from '../zfs/client.ts'
import {
  type DatasetName,
  NameError,
  parseComponent,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
  parseHoldTag,
} from '../zfs/name.ts'
import type {ZfsFailureKind} from '../zfs/read-stderr.ts'
import type {Version} from '../zfs/version.ts'

/** What the active side can ask, with names and guids already parsed. Shapes: schemas/rpc-request.schema.json. */
export type Request =
  | {readonly verb: 'observe'; readonly afresh: boolean}
  | {readonly verb: 'estimate'; readonly requests: readonly SendRequest[]}
  | {readonly verb: 'protect'; readonly requests: readonly ProtectRequest[]}
  | {readonly verb: 'complete'; readonly requests: readonly CompleteRequest[]}
  | {readonly verb: 'send'; readonly requests: readonly SendRequest[]}
  | {readonly verb: 'settle'}
  | {readonly verb: 'alive'}
  | {readonly verb: 'abort-partial'; readonly filesystems: readonly DatasetName[]}
  | {readonly verb: 'hold-last-received'; readonly requests: readonly HoldLastReceivedRequest[]}
  | {readonly verb: 'set-aside'; readonly requests: readonly SetAsideRequest[]}
  | {readonly verb: 'receive'; readonly requests: readonly ReceiveRequest[]}
  | {readonly verb: 'destroy'; readonly requests: readonly DestroyRequest[]}
  | {readonly verb: 'estimate-destroy'; readonly requests: readonly DestroyRequest[]}

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

/** Which span of the active side a request belongs to, and whether it wants to be told of those of the passive side. */
export type Cause = {readonly span: string; readonly told: boolean}

/** The JSON body of a request. */
export function formatRequest(id: number, request: Request, cause?: Cause): object {
  return {id, ...request, cause}
}

/** Throws `peer-protocol` unless `body` is a request as the schema says, with valid names. */
export function parseRequest(body: unknown): {
  readonly id: number
  readonly request: Request
  readonly cause: Cause | undefined
} {
  if (!validateRequest(body)) throw malformed('request', validateRequest.errors)
  const wire = body as RpcRequest
  const cause = 'cause' in wire ? wire.cause : undefined
  return {id: wire.id, request: named(() => requestOf(wire)), cause}
}

/** The JSON body of a response. */
export function formatResponse(id: number, response: Response): object {
  switch (response.verb) {
    case 'observed':
      return {
        id,
        verb: 'observed',
        jobId: response.view.jobId,
        missing: response.view.missing,
        clockMs: response.view.clockMs,
        maxStreams: response.view.maxStreams,
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

function requestOf(wire: RpcRequest): Request {
  switch (wire.verb) {
    case 'observe':
      return {verb: 'observe', afresh: wire.afresh === true}
    case 'estimate':
      return {verb: 'estimate', requests: wire.requests.map(sendOf)}
    case 'protect':
      return {
        verb: 'protect',
        requests: wire.requests.map((request) => ({
          filesystem: parseDatasetName(request.filesystem),
          from: fromOf(request.from),
          to: request.to.map(parseGuid),
          protection: request.protection,
        })),
      }
    case 'complete':
      return {
        verb: 'complete',
        requests: wire.requests.map((request) => ({
          filesystem: parseDatasetName(request.filesystem),
          to: parseGuid(request.to),
          protection: request.protection,
        })),
      }
    case 'send':
      return {verb: 'send', requests: wire.requests.map(sendOf)}
    case 'settle':
    case 'alive':
      return {verb: wire.verb}
    case 'abort-partial':
      return {verb: 'abort-partial', filesystems: wire.filesystems.map(parseDatasetName)}
    case 'hold-last-received':
      return {
        verb: 'hold-last-received',
        requests: wire.requests.map(({filesystem, to}) => ({
          filesystem: parseDatasetName(filesystem),
          to: parseGuid(to),
        })),
      }
    case 'set-aside':
      return {
        verb: 'set-aside',
        requests: wire.requests.map(({filesystem, newest}) => ({
          filesystem: parseDatasetName(filesystem),
          newest: parseGuid(newest),
        })),
      }
    case 'receive':
      return {verb: 'receive', requests: wire.requests.map(receiveOf)}
    case 'destroy':
    case 'estimate-destroy':
      return {verb: wire.verb, requests: wire.requests.map(destroyOf)}
  }
}

function destroyOf({filesystem, snapshots}: WireDestroy): DestroyRequest {
  return {
    filesystem: parseDatasetName(filesystem),
    snapshots: snapshots.map(({name, guid}) => ({name: parseComponent(name), guid: parseGuid(guid)})),
  }
}

type WireDestroy = Extract<RpcRequest, {verb: 'destroy'}>['requests'][number]

function sendOf(wire: {
  filesystem: string
  from?: {kind: 'snapshot' | 'bookmark'; guid: string}
  to: string
  resumeToken?: string
}): SendRequest {
  return {
    filesystem: parseDatasetName(wire.filesystem),
    from: fromOf(wire.from),
    to: parseGuid(wire.to),
    resumeToken: wire.resumeToken,
  }
}

function receiveOf(wire: WireReceive): ReceiveRequest {
  return {
    filesystem: parseDatasetName(wire.filesystem),
    type: wire.type,
    raw: wire.raw,
    from: wire.from === undefined ? undefined : parseGuid(wire.from),
    to: {name: parseComponent(wire.to.name), guid: parseGuid(wire.to.guid)},
    protection: wire.protection,
    resuming: wire.resuming,
    confirm: wire.confirm,
  }
}

type WireReceive = Extract<RpcRequest, {verb: 'receive'}>['requests'][number]

function fromOf(wire: {kind: 'snapshot' | 'bookmark'; guid: string} | undefined): SendRequest['from'] {
  return wire === undefined ? undefined : {kind: wire.kind, guid: parseGuid(wire.guid)}
}

function responseOf(wire: RpcResponse): Response {
  switch (wire.verb) {
    case 'observed':
      return {
        verb: 'observed',
        view: {
          jobId: parseJobId(wire.jobId),
          missing: wire.missing.map(parseDatasetName),
          clockMs: wire.clockMs,
          maxStreams: wire.maxStreams,
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

type WireView = Extract<RpcResponse, {verb: 'observed'}>['filesystems'][number]
/** The tuple of the schema, which generated types do not spell out. */
type WireVersion = readonly ['s' | 'b', string, string, string, number, number, string]

function formatView(view: FilesystemView): WireView {
  return {
    filesystem: view.filesystem,
    type: view.type,
    placeholder: view.placeholder,
    encrypted: view.encrypted,
    ...(view.resumeToken === undefined ? {} : {resumeToken: view.resumeToken}),
    ...(view.sending === undefined ? {} : {sending: view.sending}),
    ...(view.written === undefined ? {} : {written: view.written.toString()}),
    ...(view.remembered === undefined ? {} : {remembered: view.remembered}),
    versions: view.versions.map(formatVersion) as unknown as WireView['versions'],
    holds: Array.from(view.holds, ([snapshot, tags]) => ({snapshot, tags: [...tags]})),
  }
}

function viewOf(wire: WireView): FilesystemView {
  const filesystem = parseDatasetName(wire.filesystem)
  return {
    filesystem,
    type: wire.type,
    placeholder: wire.placeholder,
    encrypted: wire.encrypted,
    resumeToken: wire.resumeToken,
    ...(wire.sending === undefined ? {} : {sending: sendingOf(wire.sending)}),
    ...(wire.written === undefined ? {} : {written: BigInt(wire.written)}),
    ...(wire.remembered === true ? {remembered: true} : {}),
    versions: wire.versions.map((version) => versionOf(filesystem, version as unknown as WireVersion)),
    holds: new Map(wire.holds.map(({snapshot, tags}) => [parseComponent(snapshot), tags.map(parseHoldTag)])),
  }
}

function sendingOf(wire: Sending): Sending {
  if (wire.kind === 'allowed') return wire
  return {...wire, message: `peer: ${printable(wire.message)}`, hint: printable(wire.hint)}
}

function formatVersion(version: Version): WireVersion {
  const {name, guid, createtxg, creation} = version
  const common = [name, guid, createtxg.toString(), creation] as const
  if (version.kind === 'bookmark') return ['b', ...common, 0, '']
  return ['s', ...common, version.userrefs, version.clones ?? '']
}

function versionOf(
  filesystem: DatasetName,
  [kind, name, guid, createtxg, creation, userrefs, clones]: WireVersion,
): Version {
  const common = {
    filesystem,
    name: parseComponent(name),
    guid: parseGuid(guid),
    createtxg: parseCreatetxg(createtxg),
    creation,
  }
  if (kind === 'b') return {kind: 'bookmark', ...common}
  return {kind: 'snapshot', ...common, userrefs, ...(clones === '' ? {} : {clones})}
}

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

/** A bad name in a frame is the peer's fault. */
function named<T>(parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    if (cause instanceof NameError)
      throw new OperationalError('peer-protocol', `the peer sent a bad name: ${cause.message}`, {cause})
    throw cause
  }
}

function malformed(
  what: string,
  errors: readonly {instancePath?: string; message?: string}[] | null | undefined,
): OperationalError {
  const first = errors?.[0]
  return new OperationalError(
    'peer-protocol',
    `the peer sent a malformed ${what}: ${printable(`${first?.instancePath ?? ''} ${first?.message ?? ''}`)}`,
  )
}
