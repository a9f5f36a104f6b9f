import type {LinearRegex} from '../core/linear-regex.ts'
import type {Snapshot} from '../zfs/version.ts'
import type {Candidate, Opinions} from './candidate.ts'

/** Keeps the newest `count` of the matching snapshots, by creation, at equal creation those with the greater name. */
export function keepLastN(
  candidates: readonly Candidate[],
  {count, regex}: {readonly count: number; readonly regex: LinearRegex | undefined},
): Opinions {
  const matching = candidates
    .map(({snapshot}) => snapshot)
    .filter(({name}) => regex === undefined || regex.matches(name))
    .toSorted(newestFirst)
  return new Map(matching.map((snapshot, index) => [snapshot, index < count ? 'keep' : 'not-among-newest']))
}

function newestFirst(a: Snapshot, b: Snapshot): number {
  if (a.creation !== b.creation) return b.creation - a.creation
  return a.name > b.name ? -1 : a.name < b.name ? 1 : 0
}
