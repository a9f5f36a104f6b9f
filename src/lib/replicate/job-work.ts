import type {NonEmpty} from '../core/assert.ts'
import type {Receiver} from '../endpoint/receiver.ts'
import type {LocalSender, Sender} from '../endpoint/sender.ts'
import type {Transfer} from '../endpoint/transfer.ts'
import type {CreateHook} from '../hook/hook.ts'
import type {PhaseHook} from '../plan/hook-policy.ts'
import type {ReplicationPolicy, SnapshotPolicy} from '../plan/policy.ts'
import type {KeepRule} from '../prune/keep-rule.ts'
import type {PrunePolicy} from '../prune/policy.ts'
import type {Beside} from './running-plan.ts'
import type {Watchdog} from './watchdog.ts'

/** A job taken apart into what its type has: its endpoints, and the work of each phase. */
export type JobWork = {
  readonly sender: Sender | undefined
  readonly receiver: Receiver | undefined
  /** Jobs that own filesystems on this host. */
  readonly snapshot: {readonly sender: LocalSender; readonly policy: SnapshotPolicy} | undefined
  readonly replicate: ReplicateWork | undefined
  readonly prune: PruneWork | undefined
  readonly hooks: HookWork
  readonly beside: Beside
  readonly watchdog: Watchdog
}

/** Hooks around phases, and how hooks of all kinds are made. */
export type HookWork = {
  readonly job: string
  readonly phases: readonly PhaseHook[]
  readonly create: CreateHook
}

export type ReplicateWork = {
  readonly transfer: Transfer
  readonly policy: ReplicationPolicy
}

export type PruneWork = {
  readonly keepSender: NonEmpty<KeepRule>
  /** Absent in a job that does not replicate. */
  readonly keepReceiver: NonEmpty<KeepRule> | undefined
  readonly policy: PrunePolicy
}
