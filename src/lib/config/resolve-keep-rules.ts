import type {KeepRule as RawKeepRule} from '../../generated/config-types.ts'
import {type NonEmpty, unreachable} from '../core/assert.ts'
import {compileRegex} from '../core/linear-regex.ts'
import {timeZone} from '../core/time-zone.ts'
import {type CalendarCounts, PERIODS} from '../prune/keep-calendar.ts'
import {parseGrid} from '../prune/keep-grid.ts'
import type {KeepRule} from '../prune/keep-rule.ts'

/** The rules of one side of `pruning`, in the order of the file. */
export function resolveKeepRules(raw: NonEmpty<RawKeepRule>): NonEmpty<KeepRule> {
  const [first, ...more] = raw
  return [resolveKeepRule(first), ...more.map(resolveKeepRule)]
}

function resolveKeepRule(raw: RawKeepRule): KeepRule {
  switch (raw.type) {
    case 'not_replicated':
      return {type: 'not_replicated', keepSnapshotAtCursor: raw.keep_snapshot_at_cursor ?? true}
    case 'last_n':
      // An empty regex means the same as none: all snapshots.
      return {type: 'last_n', count: raw.count, regex: raw.regex ? compileRegex(raw.regex) : undefined}
    case 'grid':
      return {type: 'grid', intervals: parseGrid(raw.grid), spec: raw.grid, regex: compileRegex(raw.regex)}
    case 'calendar':
      return resolveCalendar(raw)
    case 'regex':
      return {type: 'regex', regex: compileRegex(raw.regex), negate: raw.negate ?? false}
    default:
      return unreachable(raw)
  }
}

function resolveCalendar(raw: Extract<RawKeepRule, {type: 'calendar'}>): KeepRule {
  const counts = Object.fromEntries(PERIODS.map((period) => [period, raw[period] ?? 0])) as CalendarCounts
  const regex = raw.regex ? compileRegex(raw.regex) : undefined
  return {type: 'calendar', counts, zone: timeZone(raw.location ?? 'UTC'), regex}
}
