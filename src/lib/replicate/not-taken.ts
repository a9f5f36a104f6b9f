import {formatBytes} from '../core/units.ts'
import type {SnapshotRound} from '../plan/snapshot-round.ts'
import type {SnapshottedFilesystem} from '../report/report.ts'

/** The filesystems of a round that get no snapshot, and why. */
export function notTaken({refused, unwritten, notDue}: SnapshotRound): readonly SnapshottedFilesystem[] {
  return [
    ...refused.map(({filesystem, because}) => ({
      filesystem,
      state: 'failed' as const,
      error: {code: 'snapshot-failed', message: because},
    })),
    ...unwritten.map(({filesystem, written}) => ({
      filesystem,
      state: 'unwritten' as const,
      because: `${formatBytes(written)} written since the newest snapshot`,
    })),
    ...notDue.map(({filesystem, nextDueMs}) => ({
      filesystem,
      state: 'not-due' as const,
      dueAt: new Date(nextDueMs).toISOString(),
    })),
  ]
}
