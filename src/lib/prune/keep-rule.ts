import type {LinearRegex} from '../core/linear-regex.ts'
import type {TimeZone} from '../core/time-zone.ts'
import type {CalendarCounts} from './keep-calendar.ts'

/**
 * Retention rules with zrepl's semantics, and `calendar`, which zrepl does not have: a snapshot is destroyed only if no rule keeps it.
 * Built by `config`, evaluated by `judge`.
 */
export type KeepRule =
  | {readonly type: 'not_replicated'; readonly keepSnapshotAtCursor: boolean}
  | {readonly type: 'last_n'; readonly count: number; readonly regex: LinearRegex | undefined}
  | {
      readonly type: 'grid'
      readonly intervals: readonly GridInterval[]
      readonly spec: string
      readonly regex: LinearRegex
    }
  | {
      readonly type: 'calendar'
      readonly counts: CalendarCounts
      readonly zone: TimeZone
      readonly regex: LinearRegex | undefined
    }
  | {readonly type: 'regex'; readonly regex: LinearRegex; readonly negate: boolean}

/** One bucket of a retention grid; `24x1h` is 24 of them. */
export type GridInterval = {readonly lengthMs: number; readonly keepCount: number | 'all'}
