/** A value of an nvlist: a uint64, a string, a boolean without value (present = true), or an array of uint64. */
export type NvValue = bigint | string | true | readonly bigint[]

/**
 * Reads a packed nvlist in native encoding, as far as resume tokens need it: flat, with names that occur once.
 * Returns the fields in order, or why the bytes are no such list: the other encoding, the byte order of another
 * architecture, a type we do not know, lengths that do not fit. Never throws and never reads outside `bytes`.
 */
export function readNvlist(bytes: Uint8Array): ReadonlyMap<string, NvValue> | string {
  if (bytes.length < HEADER_BYTES + END_BYTES) return 'it ends early'
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint8(0) !== NATIVE_ENCODING) return 'its encoding is not known'
  if (view.getUint8(1) !== LITTLE_ENDIAN) return 'it comes from a host of the other byte order'
  if (view.getInt32(4, true) !== 0) return 'its nvlist version is not known'

  const fields = new Map<string, NvValue>()
  for (let at = HEADER_BYTES; at + END_BYTES <= bytes.length; ) {
    const size = view.getInt32(at, true)
    if (size === 0) return at + END_BYTES === bytes.length ? fields : 'something follows its end'
    if (size < PAIR_BYTES || size % 8 !== 0 || at + size > bytes.length) return 'a field does not fit'
    const pair = readPair(new DataView(bytes.buffer, bytes.byteOffset + at, size))
    if (typeof pair === 'string') return pair
    if (fields.has(pair.name)) return 'a field occurs twice'
    fields.set(pair.name, pair.value)
    at += size
  }
  return 'it ends early'
}

/** Encoding, byte order, two reserved bytes; version; flags. */
const HEADER_BYTES = 12
/** A size of zero ends the list. */
const END_BYTES = 4
/** Size, length of the name with its NUL, reserved, number of elements, type. */
const PAIR_BYTES = 16

const NATIVE_ENCODING = 0
const LITTLE_ENDIAN = 1

const TYPE_BOOLEAN = 1
const TYPE_UINT64 = 8
const TYPE_STRING = 9
const TYPE_UINT64_ARRAY = 16

/** `pair` covers exactly one pair: its head, the name and the value, both padded to 8 bytes. */
function readPair(pair: DataView): {readonly name: string; readonly value: NvValue} | string {
  const nameBytes = pair.getInt16(4, true)
  const elements = pair.getInt32(8, true)
  const type = pair.getInt32(12, true)
  const valueAt = align8(PAIR_BYTES + nameBytes)
  if (nameBytes < 2 || valueAt > pair.byteLength) return 'the name of a field does not fit'
  const name = readText(pair, PAIR_BYTES, nameBytes)
  if (name === undefined) return 'the name of a field is not terminated'
  const value = readValue(
    new DataView(pair.buffer, pair.byteOffset + valueAt, pair.byteLength - valueAt),
    type,
    elements,
  )
  return value === undefined ? 'a field has a value that is not understood' : {name, value}
}

function readValue(value: DataView, type: number, elements: number): NvValue | undefined {
  switch (type) {
    case TYPE_BOOLEAN:
      return value.byteLength === 0 && elements === 0 ? true : undefined
    case TYPE_UINT64:
      return value.byteLength === 8 && elements === 1 ? value.getBigUint64(0, true) : undefined
    case TYPE_STRING:
      return elements === 1 ? readText(value, 0, value.byteLength) : undefined
    case TYPE_UINT64_ARRAY:
      return elements >= 0 && elements * 8 === value.byteLength ? readUint64s(value, elements) : undefined
    default:
      return undefined
  }
}

function readUint64s(value: DataView, elements: number): readonly bigint[] {
  return Array.from({length: elements}, (_, index) => value.getBigUint64(index * 8, true))
}

/** The bytes before the first NUL, which must be there. */
function readText(view: DataView, at: number, maxBytes: number): string | undefined {
  const bytes = Buffer.from(view.buffer, view.byteOffset + at, maxBytes)
  const end = bytes.indexOf(0)
  return end === -1 ? undefined : bytes.toString('latin1', 0, end)
}

function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8
}
