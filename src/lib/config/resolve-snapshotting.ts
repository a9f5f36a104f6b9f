import type {CronSnapshotting, PeriodicSnapshotting, Snapshotting} from '../../generated/config-types.ts'
import {unreachable} from '../core/assert.ts'
import {parseSize, parseZreplDuration} from '../core/units.ts'
import {parseCron} from '../plan/parse-cron.ts'
import type {SnapshotPolicy} from '../plan/policy.ts'
import {parseTimestampFormat} from '../plan/snapshot-name.ts'
import {resolveSnapshotHooks} from './resolve-hooks.ts'

/** `snapshotting` with its defaults: dense timestamps in UTC, no hooks, a snapshot also where nothing was written. */
export function resolveSnapshotting(raw: Snapshotting): SnapshotPolicy {
  switch (raw.type) {
    case 'periodic':
      return {type: 'periodic', ...commonOf(raw), intervalMs: parseZreplDuration(raw.interval)}
    case 'cron':
      return {type: 'cron', ...commonOf(raw), schedule: parseCron(raw.cron)}
    case 'manual':
      return {type: 'manual'}
    default:
      return unreachable(raw)
  }
}

function commonOf(raw: PeriodicSnapshotting | CronSnapshotting) {
  return {
    prefix: raw.prefix,
    timestamp: parseTimestampFormat(raw.timestamp_format ?? 'dense', raw.timestamp_location ?? 'UTC'),
    hooks: resolveSnapshotHooks(raw.hooks),
    minWritten: raw.min_written === undefined ? undefined : parseSize(raw.min_written),
  }
}
