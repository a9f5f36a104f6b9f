import type {BandwidthLimit as RawLimit} from '../../generated/config-types.ts'
import {parseSize} from '../core/units.ts'
import type {BandwidthLimit} from '../plan/policy.ts'

/** `undefined` where there is no limit. A limit of so many bytes that a number is not exact is none in effect. */
export function resolveBandwidthLimit(raw: RawLimit = {}): BandwidthLimit | undefined {
  const bytesPerSecond = Number(parseSize(raw.max ?? '-1 B'))
  if (bytesPerSecond < 0) return undefined
  return {bytesPerSecond, bucketBytes: Number(parseSize(raw.bucket_capacity ?? '128 KiB'))}
}
