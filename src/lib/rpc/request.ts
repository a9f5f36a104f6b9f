import type {RpcRequest} from '../../generated/rpc-request-types.ts'
import validateRequest from '../../generated/validate-rpc-request.js'
import type {Compression} from '../core/stream-stage.ts'
import type {HoldLastReceivedRequest, ReceiveRequest, SetAsideRequest} from '../endpoint/receiver.ts'
import type {CompleteRequest, DestroyRequest, ProtectRequest, SendRequest} from '../endpoint/sender.ts'
import {type DatasetName, parseComponent, parseDatasetName, parseGuid} from '../zfs/name.ts'
import {malformed, named} from './malformed.ts'

/** What the active side can ask, with names and guids already parsed. Shapes: schemas/rpc-request.schema.json. */
export type Request =
  | {readonly verb: 'observe'; readonly confirm: readonly DatasetName[] | undefined}
  | {readonly verb: 'estimate'; readonly requests: readonly SendRequest[]}
  | {readonly verb: 'protect'; readonly requests: readonly ProtectRequest[]}
  | {readonly verb: 'complete'; readonly requests: readonly CompleteRequest[]}
  | {
      readonly verb: 'send'
      readonly requests: readonly SendRequest[]
      readonly compression?: Compression | undefined
    }
  | {readonly verb: 'settle'}
  | {readonly verb: 'alive'}
  | {readonly verb: 'abort-partial'; readonly filesystems: readonly DatasetName[]}
  | {readonly verb: 'hold-last-received'; readonly requests: readonly HoldLastReceivedRequest[]}
  | {readonly verb: 'set-aside'; readonly requests: readonly SetAsideRequest[]}
  | {
      readonly verb: 'receive'
      readonly requests: readonly ReceiveRequest[]
      readonly compression?: Compression | undefined
    }
  | {readonly verb: 'destroy'; readonly requests: readonly DestroyRequest[]}
  | {readonly verb: 'estimate-destroy'; readonly requests: readonly DestroyRequest[]}

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

function requestOf(wire: RpcRequest): Request {
  switch (wire.verb) {
    case 'observe':
      return {verb: 'observe', confirm: wire.confirm?.map(parseDatasetName)}
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
      return {verb: 'send', requests: wire.requests.map(sendOf), compression: wire.compression}
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
      return {verb: 'receive', requests: wire.requests.map(receiveOf), compression: wire.compression}
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
