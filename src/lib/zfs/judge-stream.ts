import type {Inspection} from '../core/stream.ts'
import type {Guid} from './name.ts'
import {readStreamHeader, STREAM_HEADER_BYTES, type StreamHeader} from './stream-header.ts'

/** What the stream of a step has to say of itself. */
export type PlannedStream = {
  readonly type: 'filesystem' | 'volume'
  /** Encrypted as it lies on the sender's disks. */
  readonly raw: boolean
  readonly toguid: Guid
  /** `undefined`: a full stream. */
  readonly fromguid: Guid | undefined
}

/**
 * The most that is looked at, bytes: it has to lie in a pipe as a whole, and one of Linux holds 64 KiB unless somebody
 * has asked for more.
 */
export const MAX_HEAD_BYTES = 48 * 1024

/** `admitted`: and whether it brings properties. */
export type StreamVerdict =
  | Exclude<Inspection, {readonly kind: 'admitted'}>
  | {readonly kind: 'admitted'; readonly properties: boolean}
  | {readonly kind: 'refused'; readonly because: string}

/**
 * Whether a stream that begins with `head` is the planned one. A stream with properties is a package: a record with the
 * properties, its end, and then the stream proper, whose record is the one that counts (`send_prelim_records` in
 * libzfs_sendrecv.c). Never throws; threats T8, T9, T10, T12, T45.
 */
export function judgeStream(head: Uint8Array, planned: PlannedStream): StreamVerdict {
  if (head.length < STREAM_HEADER_BYTES) return {kind: 'more', bytes: STREAM_HEADER_BYTES}
  const header = readStreamHeader(head)
  if (header.kind === 'rejected') return refused(header.because)
  return header.compound ? judgePackage(head, header, planned) : judgeHeader(header, planned, false)
}

function judgePackage(head: Uint8Array, {payloadBytes}: StreamHeader, planned: PlannedStream): StreamVerdict {
  const properties = STREAM_HEADER_BYTES + payloadBytes
  const wanted = properties + 2 * STREAM_HEADER_BYTES
  if (wanted > MAX_HEAD_BYTES)
    return refused(`its properties take ${payloadBytes} bytes, too many to look behind them`)
  if (head.length < wanted) return {kind: 'more', bytes: wanted}
  const proper = readStreamHeader(head.subarray(properties + STREAM_HEADER_BYTES))
  if (proper.kind === 'rejected') return refused(`behind its properties: ${proper.because}`)
  if (proper.compound) return refused('it is a package of packages')
  return judgeHeader(proper, planned, true)
}

function judgeHeader(header: StreamHeader, planned: PlannedStream, properties: boolean): StreamVerdict {
  const {toguid, fromguid, raw, type} = planned
  if (header.toguid !== toguid)
    return refused(`it makes a snapshot with guid ${header.toguid}, not ${toguid}`)
  if (header.fromguid !== fromguid)
    return refused(`its base is ${header.fromguid ?? 'nothing'}, not ${fromguid ?? 'nothing'}`)
  if (header.raw !== raw) return refused(raw ? 'it is not raw' : 'it is raw')
  if (header.objectType !== type) return refused(`it is not of a ${type}`)
  if (header.clone) return refused('it makes a clone')
  if (header.redacted) return refused('it is redacted')
  return {kind: 'admitted', properties}
}

function refused(because: string): StreamVerdict {
  return {kind: 'refused', because}
}
