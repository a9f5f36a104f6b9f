import {readAsideName} from '../abstraction/aside-name.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'
import {isSnapshot} from '../zfs/version.ts'
import {type FilesystemPlan, planFilesystem} from './filesystem-plan.ts'
import type {FilesystemView, SideView} from './observation.ts'
import {orderPlans, parentsOf} from './order.ts'
import type {ReplicationPolicy} from './policy.ts'

/** Everything the replicate phase is going to do, in the order in which filesystems are begun. Holds values only. */
export type JobPlan = {readonly filesystems: readonly PlannedFilesystem[]}

export type PlannedFilesystem = FilesystemPlan & {
  /**
   * Filesystems of this plan that have to be on the receiver first. When one of them fails or is in conflict, this one
   * fails with `parent-failed`: received without its parent it would get another place in the encryption hierarchy.
   */
  readonly after: readonly DatasetName[]
}

/** Both sides as observed, and what the job wants. */
export type ReplicationQuestion = {
  readonly sender: SideView
  readonly receiver: SideView
  readonly policy: ReplicationPolicy
}

/**
 * Plans the replication of all filesystems of the sender; what only the receiver has is not looked at.
 * Throws `zfs-output` when a side lists a filesystem twice, since no plan could be right for both.
 */
export function planReplication({sender, receiver, policy}: ReplicationQuestion): JobPlan {
  const theirs = byFilesystem(receiver)
  const parents = new Set(Array.from(theirs.keys()).flatMap(parentsOf))
  const aside = asideCopies(Array.from(theirs.keys()))
  const plans = Array.from(byFilesystem(sender).values(), (view) =>
    planFilesystem({
      senderJob: sender.jobId,
      sender: view,
      receiverJob: receiver.jobId,
      receiver: theirs.get(view.filesystem),
      hasChildrenThere: parents.has(view.filesystem),
      setAsideBefore: aside.get(view.filesystem) ?? new Map(),
      policy,
    }),
  )
  const planOf = new Map(plans.map((plan) => [plan.filesystem, plan]))
  const isWaitedFor = (path: DatasetName) => arrivesFirst(planOf.get(path), theirs.get(path))
  const filesystems = orderPlans(plans).map((plan) => ({
    ...plan,
    after: startsInFull(plan) ? parentsOf(plan.filesystem).filter(isWaitedFor) : [],
  }))
  return {filesystems}
}

/** The copies that were set aside, by the filesystems they were copies of. */
function asideCopies(
  filesystems: readonly DatasetName[],
): ReadonlyMap<DatasetName, ReadonlyMap<Guid, DatasetName>> {
  const copies = new Map<DatasetName, Map<Guid, DatasetName>>()
  for (const name of filesystems) {
    const copy = readAsideName(name)
    if (copy === undefined) continue
    const {dataset, newest} = copy
    copies.set(dataset, (copies.get(dataset) ?? new Map<Guid, DatasetName>()).set(newest, name))
  }
  return copies
}

/** A parent that is still to be received in full, or would have to be but cannot. */
function arrivesFirst(parent: FilesystemPlan | undefined, onReceiver: FilesystemView | undefined): boolean {
  if (parent === undefined) return false
  const stuck = parent.kind === 'conflict' || parent.kind === 'refused'
  return startsInFull(parent) || (stuck && !onReceiver?.versions.some(isSnapshot))
}

/** Its first step creates it on the receiver. */
function startsInFull(plan: FilesystemPlan): boolean {
  return plan.kind === 'steps' && plan.steps[0].from === undefined
}

function byFilesystem({filesystems}: SideView): ReadonlyMap<DatasetName, FilesystemView> {
  const views = new Map<DatasetName, FilesystemView>()
  for (const view of filesystems) {
    if (views.has(view.filesystem)) {
      throw new OperationalError('zfs-output', `${quoted(view.filesystem)} is listed twice`)
    }
    views.set(view.filesystem, view)
  }
  return views
}
