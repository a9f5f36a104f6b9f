import {inflateSync} from 'node:zlib'
import {type Guid, NameError, parseGuid, parseSnapshotName, type SnapshotName} from './name.ts'
import {type NvValue, readNvlist} from './read-nvlist.ts'

/** What a partial receive still needs, decoded from its `receive_resume_token`. */
export type ResumeState = {
  readonly kind: 'resumable'
  readonly toguid: Guid
  /** `undefined`: a full send. */
  readonly fromguid: Guid | undefined
  /** The snapshot's name on the sender when the send began; it may have been renamed since, the guid counts. */
  readonly toname: SnapshotName
  readonly object: bigint
  readonly offset: bigint
  /** How much has been received. */
  readonly bytes: bigint
  readonly raw: boolean
  readonly compressed: boolean
  readonly embedded: boolean
  readonly largeBlocks: boolean
  readonly saved: boolean
  readonly redacted: boolean
}

/** A token that cannot be continued from: the partial receive is to be aborted and planned again. */
export type UselessToken = {readonly kind: 'useless'; readonly because: string}

/** A decoded token has a few hundred bytes; what claims more is not one. */
const MAX_INFLATED_BYTES = 64 * 1024
/** The longest token we look at, in characters: 4 KiB of payload and its header. */
const MAX_TOKEN_LENGTH = 8192 + 32

/**
 * Decodes a resume token without asking ZFS, so on any host and from anybody (threat T8).
 *
 * A token is `version-checksum-length-payload` in hex. The payload is a zlib stream, the checksum the first word of the
 * fletcher-4 sum over it, the length that of the inflated nvlist. Version, checksum, length and every field are checked.
 * A field that is not known makes the token useless too, as ZFS would act on it and we could not tell how.
 * Whether the token fits the planned step, and what flags are allowed, is for the caller to compare.
 * Never throws.
 */
export function decodeResumeToken(text: string): ResumeState | UselessToken {
  if (text.length > MAX_TOKEN_LENGTH) return useless('it is too long')
  const match = /^([0-9]{1,4})-([0-9a-f]{1,16})-([0-9a-f]{1,8})-((?:[0-9a-f]{2}){1,4096})$/.exec(text)
  if (match === null) return useless('it is not of the form of a token')
  const [, version = '', checksum = '', length = '', payload = ''] = match
  if (version !== '1') return useless(`its version is ${version}`)

  const compressed = Buffer.from(payload, 'hex')
  if (BigInt(`0x${checksum}`) !== fletcher4(compressed)) return useless('its checksum is wrong')
  const inflatedBytes = Number.parseInt(length, 16)
  if (inflatedBytes > MAX_INFLATED_BYTES) return useless('it claims to contain too much')
  const packed = inflate(compressed, inflatedBytes)
  if (packed === undefined) return useless('its payload cannot be inflated to the length it claims')

  const fields = readNvlist(packed)
  return typeof fields === 'string' ? useless(fields) : stateOf(fields)
}

function stateOf(fields: ReadonlyMap<string, NvValue>): ResumeState | UselessToken {
  for (const [name, value] of fields) {
    const type = FIELD_TYPES.get(name)
    if (type === undefined) return useless('it contains a field that is not known')
    if (type !== typeOf(value)) return useless(`its field ${name} is of the wrong type`)
  }
  const {toguid, toname, object, offset, bytes, fromguid} = Object.fromEntries(fields)
  if (typeof toguid !== 'bigint') return useless('it has no toguid')
  if (typeof toname !== 'string') return useless('it has no toname')
  if (typeof object !== 'bigint' || typeof offset !== 'bigint' || typeof bytes !== 'bigint')
    return useless('it has no position')
  try {
    return {
      kind: 'resumable',
      toguid: parseGuid(toguid.toString()),
      fromguid: typeof fromguid === 'bigint' && fromguid !== 0n ? parseGuid(fromguid.toString()) : undefined,
      toname: parseSnapshotName(toname),
      object,
      offset,
      bytes,
      raw: fields.has('rawok'),
      compressed: fields.has('compressok'),
      embedded: fields.has('embedok'),
      largeBlocks: fields.has('largeblockok'),
      saved: fields.has('savedok'),
      redacted: fields.has('redact_snaps') || fields.has('book_redact_snaps'),
    }
  } catch (error) {
    if (error instanceof NameError) return useless(error.message)
    throw error
  }
}

/** A boolean field has no value: it is true where it is present. */
const FIELD_TYPES: ReadonlyMap<string, 'uint64' | 'string' | 'present' | 'uint64s'> = new Map([
  ['fromguid', 'uint64'],
  ['toguid', 'uint64'],
  ['object', 'uint64'],
  ['offset', 'uint64'],
  ['bytes', 'uint64'],
  ['toname', 'string'],
  ['rawok', 'present'],
  ['compressok', 'present'],
  ['embedok', 'present'],
  ['largeblockok', 'present'],
  ['savedok', 'present'],
  ['redact_snaps', 'uint64s'],
  ['book_redact_snaps', 'uint64s'],
] as const)

function typeOf(value: NvValue): 'uint64' | 'string' | 'present' | 'uint64s' {
  if (typeof value === 'bigint') return 'uint64'
  if (typeof value === 'string') return 'string'
  return value === true ? 'present' : 'uint64s'
}

/** The first of the four sums: little-endian words added up; what is left over at the end does not count. */
function fletcher4(bytes: Buffer): bigint {
  let sum = 0
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum += bytes.readUInt32LE(at)
  return BigInt(sum)
}

function inflate(compressed: Buffer, inflatedBytes: number): Buffer | undefined {
  try {
    const packed = inflateSync(compressed, {maxOutputLength: MAX_INFLATED_BYTES})
    return packed.length === inflatedBytes ? packed : undefined
  } catch {
    // Whatever is wrong with a payload from outside, it is of no use.
    return undefined
  }
}

function useless(because: string): UselessToken {
  return {kind: 'useless', because}
}
