import {encodeStreamHeader, FEATURE} from '../unit/zfs/encode-stream-header.ts'
import type {Content, StreamFlags} from './pool.ts'

/**
 * Send streams: a BEGIN record of the real layout, one record for each block that differs, an END record. Every record
 * has 312 bytes as in OpenZFS and carries a sum over everything before it, so that a stream can be cut or damaged
 * at any byte and the receiver notices where the kernel would. The sums are simpler than fletcher-4, and what follows
 * the BEGIN of a resumed stream is not an nvlist but its position.
 */
export const RECORD_BYTES = 312
const BLOCK_BYTES = 64
const BEGIN = 0
const WRITE = 3
const END = 5
const SUM_AT = 280

export type StreamBegin = {
  readonly toguid: string
  /** `undefined`: a full stream. */
  readonly fromguid: string | undefined
  readonly toname: string
  readonly creation: number
  readonly type: 'filesystem' | 'volume'
  readonly flags: StreamFlags
  /** The block a resumed stream goes on at. */
  readonly resumeAt: number | undefined
}

/** The whole stream that turns `from` into `to`. It is sent again in every copy of a world, and so it is kept. */
export function encodeStream(begin: StreamBegin, from: Content, to: Content): Uint8Array {
  const streams = KNOWN_STREAMS.get(to) ?? new Map<string, KnownStream>()
  KNOWN_STREAMS.set(to, streams)
  const key = JSON.stringify(begin)
  const known = streams.get(key)
  if (known?.from === from) return known.bytes
  const bytes = encodeAnew(begin, from, to)
  streams.set(key, {from, bytes})
  return bytes
}

type KnownStream = {readonly from: Content; readonly bytes: Uint8Array}

/** By what is sent: contents are never changed in place. */
const KNOWN_STREAMS = new WeakMap<Content, Map<string, KnownStream>>()

function encodeAnew(begin: StreamBegin, from: Content, to: Content): Uint8Array {
  const blocks = changedBlocks(from, to).filter((block) => block >= (begin.resumeAt ?? 0))
  const position = begin.resumeAt === undefined ? 0 : 16
  const bytes = new Uint8Array(2 * RECORD_BYTES + position + blocks.length * (RECORD_BYTES + BLOCK_BYTES))
  const view = new DataView(bytes.buffer)
  bytes.set(encodeBegin(begin))
  if (begin.resumeAt !== undefined) view.setBigUint64(RECORD_BYTES, BigInt(begin.resumeAt), true)
  let at = RECORD_BYTES + position
  let sum = sumOf(bytes.subarray(0, at), START)

  for (const block of blocks) {
    view.setUint32(at, WRITE, true)
    view.setUint32(at + 4, BLOCK_BYTES, true)
    view.setUint32(at + 8, block, true)
    sum = sumOf(bytes.subarray(at, at + SUM_AT), sum)
    writeSum(view, at + SUM_AT, sum)
    view.setUint32(at + RECORD_BYTES, to[block] ?? 0, true)
    const end = at + RECORD_BYTES + BLOCK_BYTES
    sum = sumOf(bytes.subarray(at + SUM_AT, end), sum)
    at = end
  }
  view.setUint32(at, END, true)
  writeSum(view, at + SUM_AT, sumOf(bytes.subarray(at, at + SUM_AT), sum))
  return bytes
}

/** How long that stream would be: what `zfs send -n` tells. */
export function streamBytes(from: Content, to: Content): number {
  return 2 * RECORD_BYTES + changedBlocks(from, to).length * (RECORD_BYTES + BLOCK_BYTES)
}

function changedBlocks(from: Content, to: Content): number[] {
  return to.flatMap((version, block) => (version === (from[block] ?? 0) ? [] : [block]))
}

function encodeBegin({toguid, fromguid, toname, creation, type, flags, resumeAt}: StreamBegin): Uint8Array {
  const features = [
    ...(flags.raw ? [FEATURE.raw] : []),
    ...(flags.compressed ? [FEATURE.compressed] : []),
    ...(flags.embedded ? [FEATURE.embedded] : []),
    ...(flags.largeBlocks ? [FEATURE.largeBlocks] : []),
    ...(resumeAt === undefined ? [] : [FEATURE.resuming]),
  ]
  const bytes = encodeStreamHeader({
    toguid: BigInt(toguid),
    fromguid: BigInt(fromguid ?? 0),
    toname,
    features,
    objectType: type === 'volume' ? 3 : 2,
    payloadBytes: resumeAt === undefined ? 0 : 16,
  })
  bytes.writeBigInt64LE(BigInt(creation), 24)
  return bytes
}

/** What reading a stream comes to: `read` gives exactly so many bytes, fewer only at the end of the pipe. */
export type ReadBytes = (length: number) => Promise<Uint8Array>

/** The first record, and whether a whole one came behind it: before that the kernel does not begin. */
export type Beginning = StreamBegin & {readonly more: boolean}

export type StreamReader = {
  /** `nothing`: the pipe ended before a whole BEGIN. */
  begin(): Promise<Beginning | 'nothing' | 'bad-magic'>
  /** The next block, once the record behind it has proved it undamaged, as in the kernel. */
  next(): Promise<{readonly block: number; readonly version: number} | 'end' | 'cut' | 'damaged'>
}

/** Reads one stream and not a byte more. */
export function createStreamReader(read: ReadBytes): StreamReader {
  let sum = START
  let header: Uint8Array | 'cut' | 'damaged' | undefined

  async function readHeader(): Promise<Uint8Array | 'cut' | 'damaged'> {
    const bytes = await read(RECORD_BYTES)
    if (bytes.length < RECORD_BYTES) return 'cut'
    sum = sumOf(bytes.subarray(0, SUM_AT), sum)
    if (!hasSum(bytes, sum)) return 'damaged'
    sum = sumOf(bytes.subarray(SUM_AT), sum)
    return bytes
  }

  return {
    async begin() {
      const bytes = await read(RECORD_BYTES)
      if (bytes.length < RECORD_BYTES) return 'nothing'
      const begin = decodeBegin(bytes)
      if (begin === undefined) return 'bad-magic'
      sum = sumOf(bytes, START)
      const payload = begin.payloadBytes === 0 ? undefined : await read(begin.payloadBytes)
      if (payload !== undefined && payload.length < 16) return 'nothing'
      if (payload !== undefined) sum = sumOf(payload, sum)
      header = await readHeader()
      return {
        ...begin,
        resumeAt: payload && Number(viewOf(payload).getBigUint64(0, true)),
        more: typeof header !== 'string',
      }
    },
    async next() {
      header ??= await readHeader()
      if (typeof header === 'string') return header
      const view = viewOf(header)
      if (view.getUint32(0, true) === END) return 'end'
      const payload = await read(BLOCK_BYTES)
      if (payload.length < BLOCK_BYTES) return 'cut'
      sum = sumOf(payload, sum)
      header = await readHeader()
      if (typeof header === 'string') return header
      return {block: view.getUint32(8, true), version: viewOf(payload).getUint32(0, true)}
    },
  }
}

function decodeBegin(bytes: Uint8Array): (StreamBegin & {readonly payloadBytes: number}) | undefined {
  const view = viewOf(bytes)
  if (view.getUint32(0, true) !== BEGIN || view.getBigUint64(8, true) !== 0x2f5bacbacn) return undefined
  const features = view.getBigUint64(16, true) >> 2n
  const has = (bit: number) => ((features >> BigInt(bit)) & 1n) === 1n
  const fromguid = view.getBigUint64(48, true)
  const name = Buffer.from(bytes.buffer, bytes.byteOffset + 56, 256)
  return {
    toguid: view.getBigUint64(40, true).toString(),
    fromguid: fromguid === 0n ? undefined : fromguid.toString(),
    toname: name.toString('latin1', 0, name.indexOf(0)),
    creation: Number(view.getBigInt64(24, true)),
    type: view.getUint32(32, true) === 3 ? 'volume' : 'filesystem',
    flags: {
      raw: has(FEATURE.raw),
      compressed: has(FEATURE.compressed),
      embedded: has(FEATURE.embedded),
      largeBlocks: has(FEATURE.largeBlocks),
    },
    payloadBytes: view.getUint32(4, true),
    resumeAt: undefined,
  }
}

type Sum = readonly [number, number]
const START: Sum = [0, 0]

/** Sums 32-bit words as fletcher does, with two sums instead of four and without carrying beyond 32 bits. */
function sumOf(bytes: Uint8Array, [first, second]: Sum): Sum {
  const view = viewOf(bytes)
  let [a, b] = [first, second]
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    a = (a + view.getUint32(at, true)) | 0
    b = (b + a) | 0
  }
  return [a, b]
}

function writeSum(view: DataView, at: number, [a, b]: Sum): void {
  view.setInt32(at, a, true)
  view.setInt32(at + 4, b, true)
}

function hasSum(header: Uint8Array, [a, b]: Sum): boolean {
  const view = viewOf(header)
  return view.getInt32(SUM_AT, true) === a && view.getInt32(SUM_AT + 4, true) === b
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
