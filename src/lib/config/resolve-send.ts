import type {Send} from '../../generated/config-types.ts'
import {parseSize} from '../core/units.ts'
import type {SendPolicy} from '../plan/policy.ts'
import {resolveBandwidthLimit} from './resolve-bandwidth-limit.ts'

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
    bufferBytes: raw.buffer === undefined ? undefined : Number(parseSize(raw.buffer)),
  }
}
