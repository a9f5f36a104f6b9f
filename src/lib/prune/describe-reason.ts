import {unreachable} from '../core/assert.ts'
import type {LinearRegex} from '../core/linear-regex.ts'
import {printable, quoted} from '../core/printable.ts'
import type {Miss} from './candidate.ts'
import type {Verdict} from './judge.ts'
import type {SkipReason} from './judge-side.ts'
import {PERIODS} from './keep-calendar.ts'
import type {KeepRule} from './keep-rule.ts'
import type {DestroyReason, KeepReason, ProtectedReason} from './reason.ts'

/** Everything that speaks for or against a snapshot, in one line. */
export function describeVerdict(verdict: Verdict): string {
  return verdict.kind === 'keep'
    ? verdict.because.map(describeKeepReason).join('; ')
    : `destroyed: ${verdict.because.map(describeDestroyReason).join('; ')}`
}

/** `kept by grid 1x1h(keep=all) | 24x1h`, `kept: last common version`. */
export function describeKeepReason(reason: KeepReason): string {
  if (reason.kind !== 'rule') return `kept: ${describeProtection(reason)}`
  const why = reason.neverSent ? ': it is never sent, because replication.snapshots does not select it' : ''
  return `kept by ${describeRule(reason.rule)}${why}`
}

/** `last_n 10: not among the newest`. */
export function describeDestroyReason({rule, miss}: DestroyReason): string {
  return `${describeRule(rule)}: ${describeMiss(miss)}`
}

/** Why a filesystem was not judged. */
export function describeSkip(because: SkipReason): string {
  switch (because) {
    case 'placeholder':
      return 'it is a placeholder'
    case 'not-on-sender':
      return 'it is not on the sender (any more)'
    case 'not-known-to-be-gone':
      return 'the sender does not show it, but does not say that it has no such dataset either: it may lie beside filesystems, or on a pool that is away'
    case 'clock-jump':
      return 'its latest snapshots are dated months after all others: if that is right, run with --yes-large-prune'
    case 'conflict':
      return 'it is in conflict: nothing is destroyed until that is resolved'
    case 'replication-skipped':
      return 'it is not replicated'
    case 'replication-failed':
      return 'its replication has failed'
    default:
      return unreachable(because)
  }
}

function describeProtection(reason: ProtectedReason | {readonly kind: 'last-one'}): string {
  switch (reason.kind) {
    case 'newest':
      return 'newest snapshot'
    case 'only':
      return 'only snapshot'
    case 'last-one':
      return 'one snapshot always stays'
    case 'last-common':
      return 'last common version'
    case 'cursor':
      return 'the replication cursor stands at it'
    case 'step':
      return `needed by step ${printable(reason.step)}`
    case 'running-step':
      return `needed by step ${printable(reason.step)} of job ${quoted(reason.job)}, which is running`
    case 'partial-receive':
      return 'needed to continue a partial receive'
    case 'held':
      return reason.tags.length === 0 ? 'held' : `held by ${reason.tags.map(quoted).join(', ')}`
    case 'cloned':
      return /^[^,]*\/%recv$/.test(reason.clones)
        ? 'an interrupted receive builds on it'
        : `has a clone: ${printable(reason.clones)}`
    case 'unconfirmed':
      return 'not older than what is known to be replicated'
    default:
      return unreachable(reason)
  }
}

/** A rule in the words of the configuration. */
export function describeRule(rule: KeepRule): string {
  switch (rule.type) {
    case 'grid':
      return `grid ${printable(rule.spec)}`
    case 'last_n':
      return `last_n ${rule.count}${ofRegex(rule.regex)}`
    case 'calendar':
      return describeCalendar(rule)
    case 'regex':
      return `regex ${rule.negate ? 'not ' : ''}${quoted(rule.regex.source)}`
    case 'not_replicated':
      return 'not_replicated'
    default:
      return unreachable(rule)
  }
}

function describeCalendar({counts, zone, regex}: Extract<KeepRule, {type: 'calendar'}>): string {
  const periods = PERIODS.filter((period) => counts[period] > 0).map(
    (period) => `${counts[period]} ${period}`,
  )
  return `calendar ${periods.join(', ')} in ${printable(zone.name)}${ofRegex(regex)}`
}

function ofRegex(regex: LinearRegex | undefined): string {
  return regex === undefined ? '' : ` of ${quoted(regex.source)}`
}

function describeMiss(miss: Miss): string {
  switch (miss) {
    case 'no-match':
      return 'no match'
    case 'too-old':
      return 'too old'
    case 'bucket-full':
      return 'older ones of its interval are kept'
    case 'not-first':
      return 'not the first of its period'
    case 'not-among-newest':
      return 'not among the newest'
    case 'replicated':
      return 'replicated'
    default:
      return unreachable(miss)
  }
}
