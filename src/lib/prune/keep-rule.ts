import type {LinearRegex} from '../core/linear-regex.ts'

/**
 * Retention rules with zrepl's semantics: a snapshot is destroyed only if no rule keeps it.
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
  | {readonly type: 'regex'; readonly regex: LinearRegex; readonly negate: boolean}

/** One bucket of a retention grid; `24x1h` is 24 of them. */
export type GridInterval = {readonly lengthMs: number; readonly keepCount: number | 'all'}
