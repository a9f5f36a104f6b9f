import {unreachable} from '../core/assert.ts'

/**
 * How the replication of a filesystem stands when its pruning begins. `pending`: this run did not try, and nothing is
 * known to be wrong. `unreachable`: the receiver could not be asked.
 */
export type Standing = 'done' | 'pending' | 'failed' | 'conflict' | 'skipped' | 'unreachable'

/** Who wins when pruning wants a snapshot that replication still needs: `keep` replication, `destroy` pruning. */
export type OnConflict = 'keep' | 'destroy'

/** Which snapshots of one side may be judged. */
export type PruneScope = 'all' | 'older-than-cursor' | 'nothing'

/**
 * How far each side of a filesystem may be pruned.
 *
 * After a failure the receiver stays as it is, and the sender loses only what is strictly older than the cursor, so that
 * an unreachable receiver does not fill the sender's pool; with `destroy` the operator has chosen space over replication.
 * In a conflict both histories are evidence: nothing goes on either side.
 */
export function mayPrune(
  standing: Standing,
  onConflict: OnConflict,
): {readonly sender: PruneScope; readonly receiver: PruneScope} {
  switch (standing) {
    case 'done':
    case 'pending':
      return {sender: 'all', receiver: 'all'}
    case 'failed':
    case 'unreachable':
      return {sender: onConflict === 'destroy' ? 'all' : 'older-than-cursor', receiver: 'nothing'}
    case 'conflict':
    case 'skipped':
      return {sender: 'nothing', receiver: 'nothing'}
    default:
      return unreachable(standing)
  }
}
