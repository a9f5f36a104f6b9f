import {isNonEmpty, type NonEmpty, unreachable} from '../core/assert.ts'
import type {Guid} from '../zfs/name.ts'
import {byCreatetxg, type Snapshot} from '../zfs/version.ts'
import type {Candidate, Opinions} from './candidate.ts'
import {keepCalendar} from './keep-calendar.ts'
import {keepGrid} from './keep-grid.ts'
import {keepLastN} from './keep-last-n.ts'
import {keepNotReplicated} from './keep-not-replicated.ts'
import {keepRegex} from './keep-regex.ts'
import type {KeepRule} from './keep-rule.ts'
import type {DestroyReason, KeepReason, ProtectedReason} from './reason.ts'

/** What is to become of one snapshot, and everything that speaks for it. */
export type Verdict =
  | {readonly kind: 'keep'; readonly snapshot: Snapshot; readonly because: NonEmpty<KeepReason>}
  | {readonly kind: 'destroy'; readonly snapshot: Snapshot; readonly because: NonEmpty<DestroyReason>}

/** What no rule may destroy, and why. */
export type ProtectedGuids = ReadonlyMap<Guid, NonEmpty<ProtectedReason>>

/**
 * Judges all snapshots of one filesystem: a snapshot is destroyed only if no rule keeps it and nothing protects it.
 *
 * All snapshots have to be given, also the protected ones, because rules compare them with each other. A rule is asked
 * about every snapshot, whoever took it. `nowMs` only tells which snapshots are dated in the future.
 * Verdicts come in the order of the candidates. Of a filesystem that has snapshots, one always stays.
 */
export function judge(
  candidates: readonly Candidate[],
  rules: NonEmpty<KeepRule>,
  protectedGuids: ProtectedGuids,
  nowMs: number,
): readonly Verdict[] {
  const [first, ...rest] = rules
  const asked: NonEmpty<Asked> = [
    ask(first, candidates, nowMs),
    ...rest.map((rule) => ask(rule, candidates, nowMs)),
  ]
  const verdicts = candidates.map(({snapshot}) =>
    verdictOn(snapshot, asked, protectedGuids.get(snapshot.guid) ?? []),
  )
  return verdicts.some(({kind}) => kind === 'keep') ? verdicts : verdicts.map(keepNewestOf(candidates))
}

type Asked = {readonly rule: KeepRule; readonly opinions: Opinions}

function ask(rule: KeepRule, candidates: readonly Candidate[], nowMs: number): Asked {
  return {rule, opinions: opinionsOf(rule, candidates, nowMs)}
}

function opinionsOf(rule: KeepRule, candidates: readonly Candidate[], nowMs: number): Opinions {
  switch (rule.type) {
    case 'grid':
      return keepGrid(candidates, rule, nowMs)
    case 'calendar':
      return keepCalendar(candidates, rule, nowMs)
    case 'last_n':
      return keepLastN(candidates, rule)
    case 'regex':
      return keepRegex(candidates, rule)
    case 'not_replicated':
      return keepNotReplicated(candidates, rule)
    default:
      return unreachable(rule)
  }
}

function verdictOn(
  snapshot: Snapshot,
  asked: NonEmpty<Asked>,
  protectedBy: readonly ProtectedReason[],
): Verdict {
  const reasons: readonly KeepReason[] = [...protectedBy, ...asked.flatMap((one) => keepOf(one, snapshot))]
  if (isNonEmpty(reasons)) return {kind: 'keep', snapshot, because: reasons}

  const [first, ...rest] = asked
  return {
    kind: 'destroy',
    snapshot,
    because: [missOf(first, snapshot), ...rest.map((one) => missOf(one, snapshot))],
  }
}

function keepOf({rule, opinions}: Asked, snapshot: Snapshot): readonly KeepReason[] {
  const opinion = opinions.get(snapshot)
  if (opinion === 'keep') return [{kind: 'rule', rule}]
  return opinion === 'never-sent' ? [{kind: 'rule', rule, neverSent: true}] : []
}

function missOf({rule, opinions}: Asked, snapshot: Snapshot): DestroyReason {
  const opinion = opinions.get(snapshot) ?? 'no-match'
  return {kind: 'rule', rule, miss: opinion === 'keep' || opinion === 'never-sent' ? 'no-match' : opinion}
}

/** The last resort for callers that protect nothing. */
function keepNewestOf(candidates: readonly Candidate[]): (verdict: Verdict) => Verdict {
  const newest = candidates
    .map(({snapshot}) => snapshot)
    .toSorted(byCreatetxg)
    .at(-1)
  return (verdict) =>
    verdict.snapshot === newest ? {kind: 'keep', snapshot: newest, because: [{kind: 'last-one'}]} : verdict
}
