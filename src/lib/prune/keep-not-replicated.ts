import type {Candidate, Opinions} from './candidate.ts'

/**
 * Keeps what the receiver does not have yet, what it is never sent, and, unless told otherwise, the last version that both
 * sides have.
 */
export function keepNotReplicated(
  candidates: readonly Candidate[],
  {keepSnapshotAtCursor}: {readonly keepSnapshotAtCursor: boolean},
): Opinions {
  return new Map(
    candidates.map(({snapshot, replicated, atCursor, neverSent}) => {
      if (neverSent) return [snapshot, 'never-sent']
      const keeps = !replicated || (atCursor && keepSnapshotAtCursor)
      return [snapshot, keeps ? 'keep' : 'replicated']
    }),
  )
}
