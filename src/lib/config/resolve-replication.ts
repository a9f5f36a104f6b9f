import type {ConflictResolution, Replication} from '../../generated/config-types.ts'
import type {ReplicationPolicy} from '../plan/policy.ts'

/** `replication` and `conflict_resolution` with their defaults: resumable, one filesystem at a time, newest snapshot first. */
export function resolveReplication(raw: {
  readonly replication?: Replication
  readonly conflict_resolution?: ConflictResolution
}): ReplicationPolicy {
  const {protection, concurrency} = raw.replication ?? {}
  return {
    initialReplication: raw.conflict_resolution?.initial_replication ?? 'most_recent',
    protection: {
      initial: protection?.initial ?? 'guarantee_resumability',
      incremental: protection?.incremental ?? 'guarantee_resumability',
    },
    concurrentSteps: concurrency?.steps ?? 1,
  }
}
