import type {EndpointView} from '../endpoint/view.ts'
import {planReplication} from '../plan/job-plan.ts'
import {isSelected} from '../plan/snapshot-selection.ts'
import type {Judging, PruneQuestion, ReplicationState} from '../prune/judge-side.ts'
import type {ReplicateReport} from '../report/report.ts'
import type {DatasetName} from '../zfs/name.ts'
import type {Snapshot} from '../zfs/version.ts'
import type {PruneWork, ReplicateWork} from './job-work.ts'
import type {Seen} from './look.ts'

/**
 * What pruning a replication is judged with. How each filesystem stands comes from a plan made on what is seen now, and
 * from what this run has failed at: a filesystem whose replication has just failed is not taken for one whose turn simply
 * has not come.
 */
export function pruneQuestion(
  replicate: ReplicateWork,
  prune: PruneWork,
  sender: EndpointView,
  receiver: Seen,
  replicated: ReplicateReport | undefined,
  how: Omit<Judging, 'rules'>,
): PruneQuestion {
  const common = {
    rules: prune.keepSender,
    onConflict: prune.policy.onConflict,
    isSelected: (snapshot: Snapshot) => isSelected(replicate.policy.snapshots, snapshot),
    // Where a root of the job is missing, whatever was below it is not gone for good.
    goneAfterMs: sender.missing.length > 0 ? undefined : prune.policy.goneAfterMs,
    ...how,
  }
  if ('error' in receiver) {
    const states = new Map(
      sender.filesystems.map(({filesystem}) => [filesystem, {standing: 'unreachable' as const, steps: []}]),
    )
    // No bookmark and no hold shows what has arrived since the cursor: it may be the last version both sides have.
    const hidden = replicate.policy.protection.incremental === 'guarantee_nothing'
    const onConflict = hidden ? 'keep' : common.onConflict
    return {...common, onConflict, sender, receiver: 'unknown', states}
  }
  return {
    ...common,
    sender,
    receiver: receiver.view,
    states: statesOf(replicate, sender, receiver.view, replicated),
  }
}

function statesOf(
  {policy}: ReplicateWork,
  sender: EndpointView,
  receiver: EndpointView,
  replicated: ReplicateReport | undefined,
): ReadonlyMap<DatasetName, ReplicationState> {
  const plan = planReplication({sender, receiver, policy})
  const failed = new Set(
    replicated?.filesystems.filter(({state}) => state === 'failed').map(({filesystem}) => filesystem),
  )
  const states = new Map<DatasetName, ReplicationState>()
  for (const filesystem of plan.filesystems) {
    const steps = filesystem.kind === 'steps' ? filesystem.steps : []
    const hasFailed = failed.has(filesystem.filesystem) || replicated?.error !== undefined
    states.set(filesystem.filesystem, {
      standing: hasFailed && filesystem.kind !== 'conflict' ? 'failed' : STANDING[filesystem.kind],
      steps,
    })
  }
  return states
}

const STANDING = {
  'up-to-date': 'done',
  steps: 'pending',
  refused: 'failed',
  conflict: 'conflict',
  skip: 'skipped',
} as const
