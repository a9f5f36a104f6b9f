import {type Guid, parseGuid} from './name.ts'

/** The BEGIN record every send stream starts with has this many bytes. */
export const STREAM_HEADER_BYTES = 312

/** What the first record of a send stream says about the stream. */
export type StreamHeader = {
  readonly kind: 'header'
  /** A package with properties or several snapshots, in which the streams follow. It has no guids of its own. */
  readonly compound: boolean
  /** Length of the nvlist behind the header. */
  readonly payloadBytes: number
  readonly toguid: Guid | undefined
  /** `undefined`: a full stream. */
  readonly fromguid: Guid | undefined
  /** The sender's name for the snapshot, as bytes decoded as latin1. Never used as a name. */
  readonly toname: string
  readonly objectType: 'filesystem' | 'volume' | undefined
  readonly clone: boolean
  readonly raw: boolean
  readonly compressed: boolean
  readonly embedded: boolean
  readonly largeBlocks: boolean
  readonly resuming: boolean
  readonly redacted: boolean
  readonly holds: boolean
}

/** Bytes that no stream starts with. */
export type NoStreamHeader = {readonly kind: 'rejected'; readonly because: string}

/**
 * Reads the first bytes of a send stream, of a host of either byte order; what follows them is ignored.
 * Says only what the stream claims to be: whether that is what was planned is for the caller to compare
 * (threats T8, T9, T10, T12, T45). Never throws.
 */
export function readStreamHeader(bytes: Uint8Array): StreamHeader | NoStreamHeader {
  if (bytes.length < STREAM_HEADER_BYTES) return rejected('the stream is too short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, STREAM_HEADER_BYTES)
  const littleEndian = view.getBigUint64(8, true) === MAGIC
  if (!littleEndian && view.getBigUint64(8, false) !== MAGIC) return rejected('this is not a ZFS stream')
  if (view.getUint32(0, littleEndian) !== RECORD_BEGIN)
    return rejected('the stream does not start with its first record')

  const versionInfo = view.getBigUint64(16, littleEndian)
  const streamKind = versionInfo & 3n
  if (streamKind !== SUBSTREAM && streamKind !== COMPOUND)
    return rejected('the kind of the stream is not known')
  const toguid = guidAt(view, 40, littleEndian)
  if (streamKind === SUBSTREAM && toguid === undefined) return rejected('the stream has no toguid')
  const toname = textAt(bytes, 56, STREAM_HEADER_BYTES)
  if (toname === undefined) return rejected('the name in the stream is not terminated')

  const features = versionInfo >> 2n
  const has = (bit: bigint) => ((features >> bit) & 1n) === 1n
  return {
    kind: 'header',
    compound: streamKind === COMPOUND,
    payloadBytes: view.getUint32(4, littleEndian),
    toguid,
    fromguid: guidAt(view, 48, littleEndian),
    toname,
    objectType: OBJECT_TYPES.get(view.getUint32(32, littleEndian)),
    clone: (view.getUint32(36, littleEndian) & FLAG_CLONE) !== 0,
    raw: has(24n),
    compressed: has(22n),
    embedded: has(16n),
    largeBlocks: has(19n),
    resuming: has(20n),
    redacted: has(21n),
    holds: has(26n),
  }
}

const MAGIC = 0x2f5bacbacn
const RECORD_BEGIN = 0
const SUBSTREAM = 1n
const COMPOUND = 2n
const FLAG_CLONE = 1
const OBJECT_TYPES: ReadonlyMap<number, 'filesystem' | 'volume'> = new Map([
  [2, 'filesystem'],
  [3, 'volume'],
])

function guidAt(view: DataView, at: number, littleEndian: boolean): Guid | undefined {
  const guid = view.getBigUint64(at, littleEndian)
  return guid === 0n ? undefined : parseGuid(guid.toString())
}

function textAt(bytes: Uint8Array, from: number, to: number): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from)
  const end = text.indexOf(0)
  return end === -1 ? undefined : text.toString('latin1', 0, end)
}

function rejected(because: string): NoStreamHeader {
  return {kind: 'rejected', because}
}
