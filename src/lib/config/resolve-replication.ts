import type {ConflictResolution, Replication} from '../../generated/config-types.ts'
import {compileRegex} from '../core/linear-regex.ts'
import type {ReplicationPolicy} from '../plan/policy.ts'

/** `replication` and `conflict_resolution` with their defaults: resumable, one filesystem at a time, newest snapshot first. */
export function resolveReplication(raw: {
  readonly replication?: Replication
  readonly conflict_resolution?: ConflictResolution
}): ReplicationPolicy {
  const {protection, concurrency, snapshots = {}, compression} = raw.replication ?? {}
  return {
    initialReplication: raw.conflict_resolution?.initial_replication ?? 'most_recent',
    diverged: raw.conflict_resolution?.diverged ?? 'fail',
    protection: {
      initial: protection?.initial ?? 'guarantee_resumability',
      incremental: protection?.incremental ?? 'guarantee_resumability',
    },
    snapshots: {
      prefix: snapshots.prefix,
      regex: snapshots.regex === undefined ? undefined : compileRegex(snapshots.regex),
    },
    concurrentSteps: concurrency?.steps ?? 1,
    compression: compression && {type: compression.type, level: compression.level ?? 3},
  }
}
