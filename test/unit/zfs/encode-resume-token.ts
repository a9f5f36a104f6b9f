import {deflateSync} from 'node:zlib'

/** What a token says. The position has defaults; set a field to `undefined` to leave it out. */
export type TokenFields = {
  readonly toguid?: bigint | undefined
  readonly toname?: string | undefined
  readonly fromguid?: bigint | undefined
  readonly object?: bigint | undefined
  readonly offset?: bigint | undefined
  readonly bytes?: bigint | undefined
  readonly raw?: boolean
  readonly compressed?: boolean
  readonly embedded?: boolean
  readonly largeBlocks?: boolean
  readonly saved?: boolean
  readonly redactSnaps?: readonly bigint[]
  readonly bookRedactSnaps?: readonly bigint[]
}

/** What is wrong with a forged token. */
export type Forgery = {
  readonly version?: string
  readonly checksum?: string
  readonly length?: string
  readonly bigEndian?: boolean
  readonly encoding?: number
  readonly nvlistVersion?: number
  /** Further pairs behind the fields. */
  readonly pairs?: readonly Uint8Array[]
  /** Changes the packed list before it is compressed. */
  readonly repack?: (packed: Buffer) => Buffer
  /** Changes the compressed list before it is summed up. */
  readonly recompress?: (payload: Buffer) => Buffer
}

/** Writes a token as `zfs receive -s` keeps it: fields in the kernel's order, on a little-endian host. */
export function encodeResumeToken(fields: TokenFields, forgery: Forgery = {}): string {
  return wrapToken(packNvlist([...pairsOf(fields), ...(forgery.pairs ?? [])], forgery), forgery)
}

/** Compresses, sums up and prints a packed list. */
export function wrapToken(packed: Buffer, forgery: Forgery = {}): string {
  const payload = forgery.recompress?.(deflateSync(packed)) ?? deflateSync(packed)
  const checksum = forgery.checksum ?? sumOfWords(payload).toString(16)
  const length = forgery.length ?? packed.length.toString(16)
  return `${forgery.version ?? '1'}-${checksum}-${length}-${payload.toString('hex')}`
}

export function packNvlist(pairs: readonly Uint8Array[], forgery: Forgery = {}): Buffer {
  const header = Buffer.from([forgery.encoding ?? 0, forgery.bigEndian ? 0 : 1, 0, 0])
  const words = Buffer.concat([int32(forgery.nvlistVersion ?? 0), int32(1)])
  const packed = Buffer.concat([header, words, ...pairs, int32(0)])
  return forgery.repack?.(packed) ?? packed
}

export function uint64Pair(name: string, value: bigint): Buffer {
  return pair(name, 8, 1, uint64(value))
}

export function stringPair(name: string, value: string): Buffer {
  return pair(name, 9, 1, Buffer.from(`${value}\0`, 'latin1'))
}

export function booleanPair(name: string): Buffer {
  return pair(name, 1, 0, Buffer.alloc(0))
}

export function uint64ArrayPair(name: string, values: readonly bigint[]): Buffer {
  return pair(name, 16, values.length, Buffer.concat(values.map(uint64)))
}

/** One name-value pair: its size, the length of its name, the number of elements, the type, then name and value padded to 8. */
export function pair(name: string, type: number, elements: number, value: Uint8Array): Buffer {
  const nameBytes = Buffer.from(`${name}\0`, 'latin1')
  const head = padded(Buffer.concat([Buffer.alloc(16), nameBytes]))
  head.writeInt16LE(nameBytes.length, 4)
  head.writeInt32LE(elements, 8)
  head.writeInt32LE(type, 12)
  const whole = Buffer.concat([head, padded(value)])
  whole.writeInt32LE(whole.length, 0)
  return whole
}

function pairsOf(fields: TokenFields): readonly Buffer[] {
  const position = {object: 2n, offset: 0x2c0000n, bytes: 0x2e2e44n, ...fields}
  const numbers = (['fromguid', 'object', 'offset', 'bytes', 'toguid'] as const).flatMap((name) => {
    const value = position[name]
    return value === undefined ? [] : [uint64Pair(name, value)]
  })
  const booleans = [
    ...(fields.largeBlocks ? ['largeblockok'] : []),
    ...(fields.embedded ? ['embedok'] : []),
    ...(fields.compressed ? ['compressok'] : []),
    ...(fields.raw ? ['rawok'] : []),
    ...(fields.saved ? ['savedok'] : []),
  ].map(booleanPair)
  return [
    ...numbers,
    ...(fields.toname === undefined ? [] : [stringPair('toname', fields.toname)]),
    ...booleans,
    ...(fields.redactSnaps ? [uint64ArrayPair('redact_snaps', fields.redactSnaps)] : []),
    ...(fields.bookRedactSnaps ? [uint64ArrayPair('book_redact_snaps', fields.bookRedactSnaps)] : []),
  ]
}

function sumOfWords(bytes: Buffer): bigint {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length - (bytes.length % 4))
  let sum = 0n
  for (let at = 0; at < words.byteLength; at += 4) sum += BigInt(words.getUint32(at, true))
  return sum
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)])
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
