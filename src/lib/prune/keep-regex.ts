import type {LinearRegex} from '../core/linear-regex.ts'
import type {Candidate, Opinions} from './candidate.ts'

/** Keeps the snapshots whose name matches; with `negate` those whose name does not. */
export function keepRegex(
  candidates: readonly Candidate[],
  {regex, negate}: {readonly regex: LinearRegex; readonly negate: boolean},
): Opinions {
  return new Map(
    candidates.map(({snapshot}) => [snapshot, regex.matches(snapshot.name) !== negate ? 'keep' : 'no-match']),
  )
}
