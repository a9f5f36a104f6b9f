import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {cursorName, tentativeCursorName} from '../../../src/lib/abstraction/replication-cursor.ts'
import type {FilesystemView} from '../../../src/lib/plan/observation.ts'
import type {Protection, ReplicationPolicy} from '../../../src/lib/plan/policy.ts'
import {parseDatasetName, parseGuid, parseHoldTag} from '../../../src/lib/zfs/name.ts'
import {versions} from '../../versions.ts'

export const PUSH = parseJobId('push')
export const SINK = parseJobId('sink')

/**
 * A filesystem in short. `history` is the notation of `versions`; `holds` maps a snapshot's name to tags, space-separated.
 */
export function view(
  history: string,
  {
    name = 'tank/a',
    holds = {},
    ...more
  }: Partial<Omit<FilesystemView, 'holds'>> & {name?: string; holds?: Readonly<Record<string, string>>} = {},
): FilesystemView {
  const filesystem = parseDatasetName(name)
  return {
    filesystem,
    type: 'filesystem',
    placeholder: false,
    encrypted: false,
    resumeToken: undefined,
    versions: versions(history, filesystem),
    holds: new Map(
      Object.entries(holds).map(([snapshot, tags]) => [snapshot, tags.split(' ').map(parseHoldTag)]),
    ),
    ...more,
  }
}

export function cursor(guid: number, job = 'push'): string {
  return `#${cursorName(parseGuid(String(guid)), parseJobId(job))},${guid}`
}

export function tentative(guid: number, job = 'push'): string {
  return `#${tentativeCursorName(parseGuid(String(guid)), parseJobId(job))},${guid}`
}

export function policy(
  initialReplication: ReplicationPolicy['initialReplication'] = 'most_recent',
  initial: Protection = 'guarantee_resumability',
  incremental: Protection = initial,
): ReplicationPolicy {
  return {
    initialReplication,
    diverged: 'fail',
    protection: {initial, incremental},
    snapshots: {},
    concurrentSteps: 1,
  }
}
