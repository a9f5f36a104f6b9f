import type {Snapshotting} from '../../generated/config-types.ts'
import {Bug, unreachable} from '../core/assert.ts'
import {parseZreplDuration} from '../core/units.ts'
import type {SnapshotPolicy} from '../plan/policy.ts'
import {parseTimestampFormat} from '../plan/snapshot-name.ts'

/** `snapshotting` with its defaults: dense timestamps in UTC. */
export function resolveSnapshotting(raw: Snapshotting): SnapshotPolicy {
  switch (raw.type) {
    case 'periodic':
      return {
        type: 'periodic',
        prefix: raw.prefix,
        intervalMs: parseZreplDuration(raw.interval),
        timestamp: parseTimestampFormat(raw.timestamp_format ?? 'dense', raw.timestamp_location ?? 'UTC'),
      }
    case 'manual':
      return {type: 'manual'}
    case 'cron':
      throw new Bug('cron snapshotting was not refused')
    default:
      return unreachable(raw)
  }
}
