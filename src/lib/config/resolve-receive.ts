import type {Recv} from '../../generated/config-types.ts'
import type {ReceivePolicy} from '../plan/policy.ts'

/** `recv` with its defaults: properties as they come, and no placeholders until somebody has decided about encryption. */
export function resolveReceive(raw: Recv = {}): ReceivePolicy {
  return {
    properties: {
      inherit: raw.properties?.inherit ?? [],
      override: new Map(Object.entries(raw.properties?.override ?? {})),
    },
    placeholderEncryption: raw.placeholder?.encryption ?? 'unspecified',
  }
}
