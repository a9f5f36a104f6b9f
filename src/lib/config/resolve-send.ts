import type {Send} from '../../generated/config-types.ts'
import {parseSize} from '../core/units.ts'
import type {BandwidthLimit, SendPolicy} from '../plan/policy.ts'

/** `send` with its defaults: nothing is switched on. */
export function resolveSend(raw: Send = {}): SendPolicy {
  return {
    encrypted: raw.encrypted ?? false,
    raw: raw.raw ?? false,
    sendProperties: raw.send_properties ?? false,
    backupProperties: raw.backup_properties ?? false,
    largeBlocks: raw.large_blocks ?? false,
    compressed: raw.compressed ?? false,
    embeddedData: raw.embedded_data ?? false,
    saved: raw.saved ?? false,
    bandwidthLimit: resolveBandwidthLimit(raw.bandwidth_limit),
  }
}

/** `undefined` where there is no limit. A limit of so many bytes that a number is not exact is none in effect. */
function resolveBandwidthLimit(raw: Send['bandwidth_limit'] = {}): BandwidthLimit | undefined {
  const bytesPerSecond = Number(parseSize(raw.max ?? '-1 B'))
  if (bytesPerSecond < 0) return undefined
  return {bytesPerSecond, bucketBytes: Number(parseSize(raw.bucket_capacity ?? '128 KiB'))}
}
