import type {
  RetentionFloor as RawFloor,
  PruneLimit as RawLimit,
  PushJob as RawPushJob,
} from '../../generated/config-types.ts'
import {parseZreplDuration} from '../core/units.ts'
import type {RetentionFloor} from '../plan/policy.ts'
import {DEFAULT_LIMIT, type PruneLimit} from '../prune/policy.ts'
import type {ReplicatedPruning} from './job.ts'
import {resolveKeepRules} from './resolve-keep-rules.ts'

/** `pruning` of a job that replicates. */
export function resolvePruning(raw: RawPushJob['pruning']): ReplicatedPruning {
  return {
    keepSender: resolveKeepRules(raw.keep_sender),
    keepReceiver: resolveKeepRules(raw.keep_receiver),
    policy: {
      onConflict: raw.conflict ?? 'keep',
      limit: resolvePruneLimit(raw.limit),
      goneAfterMs: raw.gone_on_sender && parseZreplDuration(raw.gone_on_sender.after),
    },
  }
}

export function resolvePruneLimit(raw: RawLimit = {}): PruneLimit {
  return {count: raw.count, percent: raw.percent ?? DEFAULT_LIMIT.percent}
}

/** `retention_floor` of a passive job. */
export function resolveFloor(raw: RawFloor = {}): RetentionFloor {
  return {
    minAgeMs: raw.min_age === undefined ? 0 : parseZreplDuration(raw.min_age),
    minCount: raw.min_count ?? 0,
  }
}
