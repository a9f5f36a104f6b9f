import {formatDuration} from '../core/units.ts'
import type {AnnouncedState} from './announced-state.ts'
import type {RunPhase} from './run-state.ts'

/** What to do about a run that still works when the next one of the same job begins. */
export type OverlapVerdict =
  | {readonly kind: 'leave'; readonly because: string}
  | {readonly kind: 'cancel'; readonly because: string}

/** A failure may be followed by something that goes well; after this it will not, milliseconds. */
const ERROR_GRACE_MS = 30_000

/**
 * A run that comes on is left alone, however long it takes: the first replication may take days. One in an error state, or
 * without progress for `idleMs`, is cancelled. Pruning on this host is left alone in any case: it fails hard, and ends. What
 * is pruned on the other host can hang: that is cancelled when it is in an error state or idle. What comes before replicating is
 * left alone, too: whatever it waits for has a deadline, the answer of a peer that only gives signs of life (`rpc/ceiling.ts`)
 * as well.
 */
export function judgeOverlap(
  state: AnnouncedState | undefined,
  {
    idleMs,
    remote,
    uptimeMs,
  }: {readonly idleMs: number; readonly remote: RunPhase | undefined; readonly uptimeMs: number},
): OverlapVerdict {
  if (state === undefined) return {kind: 'leave', because: 'nothing is known of how it comes on'}
  const quietMs = Math.max(0, uptimeMs - state.progressAtUptimeMs)
  const where = `in phase ${state.phase}`
  const well = {kind: 'leave', because: `${where}, progress ${formatDuration(quietMs)} ago`} as const
  if (state.phase !== 'replicate' && state.phase !== remote) return well
  if (state.error !== undefined && quietMs >= ERROR_GRACE_MS)
    return {
      kind: 'cancel',
      because: `${where}, in an error state for ${formatDuration(quietMs)}: ${state.error}`,
    }
  if (quietMs >= idleMs)
    return {kind: 'cancel', because: `${where}, no progress for ${formatDuration(quietMs)}`}
  return well
}
