import {unreachable} from '../core/assert.ts'
import type {Snapshot} from '../zfs/version.ts'
import {byDate, dateMs} from './by-date.ts'
import type {Candidate} from './candidate.ts'
import {PERIODS, type Period, periodsOf} from './keep-calendar.ts'
import type {KeepRule} from './keep-rule.ts'
import type {KeepReason} from './reason.ts'

/** Until when `reason` keeps `snapshot`, for people: what has to happen before it does so no longer. */
export function describeUntil(
  reason: KeepReason,
  snapshot: Snapshot,
  candidates: readonly Candidate[],
): string {
  switch (reason.kind) {
    case 'rule':
      return reason.neverSent
        ? 'as long as replication.snapshots does not select it'
        : untilRule(reason.rule, snapshot, candidates)
    case 'newest':
    case 'only':
    case 'last-one':
      return 'until there is a newer one'
    case 'last-common':
    case 'cursor':
      return 'until a newer one is replicated'
    case 'step':
    case 'running-step':
      return 'until that step is done'
    case 'partial-receive':
      return 'until it is continued or given up'
    case 'held':
      return 'until the hold is released (zfs holds shows it)'
    case 'cloned':
      return 'until its clones are destroyed or promoted'
    case 'unconfirmed':
      return 'until replication works again'
    default:
      return unreachable(reason)
  }
}

/** Later than this there are no dates, but a snapshot may well be dated there. */
const LAST_DATE_MS = 8_640_000_000_000_000

function untilRule(rule: KeepRule, snapshot: Snapshot, candidates: readonly Candidate[]): string {
  const matching = candidates
    .map((candidate) => candidate.snapshot)
    .filter(({name}) => !('regex' in rule) || rule.regex === undefined || rule.regex.matches(name))
    .toSorted(byDate)
  switch (rule.type) {
    case 'last_n': {
      const newer = matching.length - 1 - matching.indexOf(snapshot)
      return `until ${plural(Math.max(1, rule.count - newer), 'newer one')} ${rule.count - newer > 1 ? 'are' : 'is'} taken`
    }
    case 'grid': {
      const length = rule.intervals.reduce((sum, {lengthMs}) => sum + lengthMs, 0)
      const end = new Date(Math.min(dateMs(snapshot) + length, LAST_DATE_MS)).toISOString()
      return `as long as it is the oldest of its interval, at most until ${end.replace(/:\d\d\.\d+Z$/, 'Z')}`
    }
    case 'calendar':
      return untilCalendar(rule, snapshot, matching)
    case 'regex':
      return 'as long as the configuration has that rule'
    case 'not_replicated':
      return candidates.find((candidate) => candidate.snapshot === snapshot)?.atCursor
        ? 'until a newer one is replicated'
        : 'until it is replicated'
    default:
      return unreachable(rule)
  }
}

/** The longest of its periods decides. */
function untilCalendar(
  {counts, zone}: Extract<KeepRule, {type: 'calendar'}>,
  snapshot: Snapshot,
  matching: readonly Snapshot[],
): string {
  const keys = matching.map((one) => periodsOf(zone, dateMs(one)))
  const at = matching.indexOf(snapshot)
  const lasting = PERIODS.flatMap((period) => {
    const newer = new Set(keys.slice(at).map((key) => key[period])).size - 1
    const isFirst = keys[at]?.[period] !== keys[at - 1]?.[period]
    return isFirst && newer < counts[period] ? [`${counts[period] - newer} more ${NOUN[period]}`] : []
  })
  return lasting.length === 0
    ? 'until the clock has reached its date'
    : `until ${lasting.at(-1)} have a snapshot`
}

const NOUN: Readonly<Record<Period, string>> = {
  hourly: 'hours',
  daily: 'days',
  weekly: 'weeks',
  monthly: 'months',
  yearly: 'years',
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
