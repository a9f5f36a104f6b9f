/** What a BEGIN record says; the defaults are those of a plain full stream of a filesystem. */
export type HeaderFields = {
  readonly toguid?: bigint
  readonly fromguid?: bigint
  readonly toname?: string
  readonly recordType?: number
  readonly payloadBytes?: number
  readonly magic?: bigint
  readonly hdrtype?: number
  /** Bits of the feature flags. */
  readonly features?: readonly number[]
  readonly objectType?: number
  readonly flags?: number
  readonly bigEndian?: boolean
}

/** Numbers of the feature bits that streams carry. */
export const FEATURE = {
  embedded: 16,
  largeBlocks: 19,
  resuming: 20,
  redacted: 21,
  compressed: 22,
  raw: 24,
  holds: 26,
} as const

/** Writes the 312 bytes that a stream of `zfs send` starts with. */
export function encodeStreamHeader(fields: HeaderFields = {}): Buffer {
  const view = new DataView(new ArrayBuffer(312))
  const little = !fields.bigEndian
  const features = (fields.features ?? []).reduce((bits, bit) => bits | (1n << BigInt(bit)), 0n)
  view.setUint32(0, fields.recordType ?? 0, little)
  view.setUint32(4, fields.payloadBytes ?? 0, little)
  view.setBigUint64(8, fields.magic ?? 0x2f5bacbacn, little)
  view.setBigUint64(16, (features << 2n) | BigInt(fields.hdrtype ?? 1), little)
  view.setBigUint64(24, 1_767_225_600n, little)
  view.setUint32(32, fields.objectType ?? 2, little)
  view.setUint32(36, fields.flags ?? 0, little)
  view.setBigUint64(40, fields.toguid ?? 0xf784e1004f460f7an, little)
  view.setBigUint64(48, fields.fromguid ?? 0n, little)
  const bytes = Buffer.from(view.buffer)
  bytes.write(fields.toname ?? 'tank/data@a', 56, 256, 'latin1')
  return bytes
}
