import type {Recv} from '../../generated/config-types.ts'
import {parseSize} from '../core/units.ts'
import type {ReceivePolicy} from '../plan/policy.ts'
import {propertiesToInherit} from '../scope/received-properties.ts'
import {resolveBandwidthLimit} from './resolve-bandwidth-limit.ts'

/** `recv` with its defaults: harmless properties as they come, and no placeholders until somebody has decided about encryption. */
export function resolveReceive(raw: Recv = {}): ReceivePolicy {
  const {inherit = [], override = {}, accept = []} = raw.properties ?? {}
  const overridden = new Map(Object.entries(override))
  return {
    properties: {
      inherit: propertiesToInherit({inherit, override: overridden, accept}),
      override: overridden,
    },
    placeholderEncryption: raw.placeholder?.encryption ?? 'unspecified',
    bandwidthLimit: resolveBandwidthLimit(raw.bandwidth_limit),
    bufferBytes: raw.buffer === undefined ? undefined : Number(parseSize(raw.buffer)),
  }
}
