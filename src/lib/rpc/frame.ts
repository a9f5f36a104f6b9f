import {OperationalError} from '../core/errors.ts'
import type {ByteReader} from '../core/stream.ts'

/**
 * A frame is 12 bytes of header and a JSON body:
 * magic `ZRPL`, format version (1), kind (1 request, 2 response), two zero bytes, body length as big-endian uint32.
 * Both ends read exact lengths, so a raw stream may follow a frame on the same pipe.
 */
const HEADER_BYTES = 12
const MAGIC = 0x5a52504c
const FORMAT_VERSION = 1
const KIND = {request: 1, response: 2} as const

export type FrameKind = keyof typeof KIND

/** Longest body accepted at all, by kind. A listing is the largest response: 100,000 versions take about 10 MB. */
export const MAX_BODY_BYTES: Readonly<Record<FrameKind, number>> = {
  request: 8 * 1024 * 1024,
  response: 64 * 1024 * 1024,
}

/** What a body may be. */
export type BodyLimits = {
  /** Its length, no more than what is accepted of its kind at all. */
  readonly bytes: number
  /** How many objects in it may be as short as can be. */
  readonly objects: number
}

/**
 * An array or object of ours takes no less, those inside it apart: what is done is `{"kind":"done"},`. One that takes only three
 * takes thirty times as much memory when it is parsed.
 */
const BYTES_PER_OBJECT = 12
/** What words in it may have of brackets, and what is short but there once. */
const STRAY_BRACKETS = 1000

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', {fatal: true})

/** The bytes of a frame. Throws `peer-protocol` when the body is longer than the other side would accept. */
export function encodeFrame(kind: FrameKind, body: unknown, {bytes} = limitsOf(kind)): Uint8Array {
  const json = ENCODER.encode(JSON.stringify(body))
  if (json.length > bytes) {
    throw new OperationalError('peer-protocol', `a ${kind} of ${json.length} bytes is too long to send`)
  }
  const frame = new Uint8Array(HEADER_BYTES + json.length)
  const view = new DataView(frame.buffer)
  view.setUint32(0, MAGIC)
  view.setUint8(4, FORMAT_VERSION)
  view.setUint8(5, KIND[kind])
  view.setUint32(8, json.length)
  frame.set(json, HEADER_BYTES)
  return frame
}

function limitsOf(kind: FrameKind): BodyLimits {
  return {bytes: MAX_BODY_BYTES[kind], objects: 0}
}

/**
 * Reads one frame and parses its body; `undefined` when the peer has closed the connection in order. `begun` is given its
 * length in bytes when its header is there, and `moved` is called whenever some of it has come. Throws `peer-protocol` on anything that is not a frame of this kind within `limits`.
 */
export async function readFrame(
  reader: ByteReader,
  kind: FrameKind,
  signal: AbortSignal,
  {
    limits = limitsOf(kind),
    begun = () => {},
    moved = () => {},
  }: {
    readonly limits?: BodyLimits | undefined
    readonly begun?: (bytes: number) => void
    readonly moved?: () => void
  } = {},
): Promise<unknown> {
  const header = await reader.read(HEADER_BYTES, signal)
  if (header === undefined) return undefined
  const length = readHeader(header, kind, limits)
  begun(HEADER_BYTES + length)
  const body = await readBody(reader, length, signal, moved)
  checkObjects(body, limits)
  return parseBody(body)
}

function readHeader(header: Uint8Array, kind: FrameKind, {bytes}: BodyLimits): number {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  if (view.getUint32(0) !== MAGIC)
    throw new OperationalError('peer-protocol', 'the peer sent something that is not a frame')
  const version = view.getUint8(4)
  if (version !== FORMAT_VERSION)
    throw new OperationalError(
      'peer-protocol',
      `the peer sent a frame of format ${version}; ours is ${FORMAT_VERSION}`,
    )
  if (view.getUint8(5) !== KIND[kind] || view.getUint16(6) !== 0) {
    throw new OperationalError('peer-protocol', `the peer sent a frame that is not a ${kind}`)
  }
  const length = view.getUint32(8)
  if (length === 0 || length > bytes) {
    throw new OperationalError(
      'peer-protocol',
      `the peer announced a ${kind} of ${length} bytes; at most ${bytes} are accepted`,
    )
  }
  return length
}

/** So many bytes of a body are read at once. */
const PIECE_BYTES = 16 * 1024

async function readBody(
  reader: ByteReader,
  length: number,
  signal: AbortSignal,
  moved: () => void,
): Promise<Uint8Array> {
  const body = new Uint8Array(length)
  for (let at = 0; at < length; at += PIECE_BYTES) {
    moved()
    const piece = await reader.read(Math.min(PIECE_BYTES, length - at), signal)
    if (piece === undefined)
      throw new OperationalError('peer-protocol', 'the peer closed the connection inside a frame')
    body.set(piece, at)
  }
  return body
}

/** Before it is parsed: counts what opens an array or an object, in words or not. */
function checkObjects(body: Uint8Array, {objects}: BodyLimits): void {
  const most = STRAY_BRACKETS + objects + Math.floor(body.length / BYTES_PER_OBJECT)
  let opened = 0
  for (const byte of OPENING) {
    for (let at = body.indexOf(byte); at !== -1 && opened <= most; at = body.indexOf(byte, at + 1))
      opened += 1
  }
  if (opened > most)
    throw new OperationalError(
      'peer-protocol',
      `the peer sent a frame of ${body.length} bytes with more than ${most} arrays and objects: an honest one has fewer`,
    )
}

/** `[` and `{`. */
const OPENING: readonly number[] = [0x5b, 0x7b]

function parseBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(DECODER.decode(body))
  } catch (cause) {
    throw new OperationalError('peer-protocol', 'the peer sent a frame whose body is not JSON', {cause})
  }
}
