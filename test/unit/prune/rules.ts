import {compileRegex} from '../../../src/lib/core/linear-regex.ts'
import {timeZone} from '../../../src/lib/core/time-zone.ts'
import type {CalendarCounts} from '../../../src/lib/prune/keep-calendar.ts'
import {parseGrid} from '../../../src/lib/prune/keep-grid.ts'
import type {KeepRule} from '../../../src/lib/prune/keep-rule.ts'

export function lastN(count: number, regex?: string): KeepRule {
  return {type: 'last_n', count, regex: regex === undefined ? undefined : compileRegex(regex)}
}

export function grid(spec: string, regex = ''): KeepRule {
  return {type: 'grid', intervals: parseGrid(spec), spec, regex: compileRegex(regex)}
}

export function regex(source: string, negate = false): KeepRule {
  return {type: 'regex', regex: compileRegex(source), negate}
}

export function notReplicated(keepSnapshotAtCursor = true): KeepRule {
  return {type: 'not_replicated', keepSnapshotAtCursor}
}

export function calendar(counts: Partial<CalendarCounts>, location = 'UTC', regex?: string): KeepRule {
  return {
    type: 'calendar',
    counts: {hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, ...counts},
    zone: timeZone(location),
    regex: regex === undefined ? undefined : compileRegex(regex),
  }
}
