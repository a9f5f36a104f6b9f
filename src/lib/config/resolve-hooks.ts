import type {Hook as RawHook, PhaseHook as RawPhaseHook} from '../../generated/config-types.ts'
import {unreachable} from '../core/assert.ts'
import {parseGoDuration} from '../core/units.ts'
import type {PhaseHook, SnapshotHook} from '../plan/hook-policy.ts'
import {parseFilter} from '../scope/filter.ts'
import {parseMysqlDsn} from './mysql-dsn.ts'
import {parsePostgresDsn} from './postgres-dsn.ts'

/** `snapshotting.hooks`, in the order of the file. */
export function resolveSnapshotHooks(raw: readonly RawHook[] = []): readonly SnapshotHook[] {
  return raw.map(resolveSnapshotHook)
}

/** The `hooks` of a job, in the order of the file. */
export function resolvePhaseHooks(raw: readonly RawPhaseHook[] = []): readonly PhaseHook[] {
  return raw.map((hook) => ({
    type: 'command',
    path: hook.path,
    args: hook.args ?? [],
    around: hook.around ?? 'job',
    ...limitsOf(hook),
  }))
}

function resolveSnapshotHook(raw: RawHook): SnapshotHook {
  const common = {
    filesystems: parseFilter(new Map(Object.entries(raw.filesystems ?? {'<': true}))),
    ...limitsOf(raw),
  }
  switch (raw.type) {
    case 'command':
      return {
        type: 'command',
        path: raw.path,
        args: raw.args ?? [],
        per: raw.per ?? 'filesystem',
        ...common,
      }
    case 'postgres-checkpoint':
      return {type: raw.type, per: 'round', database: parsePostgresDsn(raw.dsn), ...common}
    case 'mysql-lock-tables':
      return {type: raw.type, per: 'round', database: parseMysqlDsn(raw.dsn), ...common}
    default:
      return unreachable(raw)
  }
}

function limitsOf(raw: RawHook | RawPhaseHook) {
  return {errIsFatal: raw.err_is_fatal ?? false, timeoutMs: parseGoDuration(raw.timeout ?? '30s')}
}
