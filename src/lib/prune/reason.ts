import type {HoldTag} from '../zfs/name.ts'
import type {Miss} from './candidate.ts'
import type {KeepRule} from './keep-rule.ts'

/** Why a snapshot stays. */
export type KeepReason =
  /** `neverSent`: nobody will ever have a copy, because the job's `replication.snapshots` does not select it. */
  | {readonly kind: 'rule'; readonly rule: KeepRule; readonly neverSent?: true}
  /** Nothing keeps any snapshot of this filesystem; the newest stays nevertheless. */
  | {readonly kind: 'last-one'}
  | ProtectedReason

/** Why no rule may destroy a snapshot. */
export type ProtectedReason =
  | {readonly kind: 'newest'}
  | {readonly kind: 'only'}
  | {readonly kind: 'last-common'}
  /** A replication cursor of the job stands at it. */
  | {readonly kind: 'cursor'}
  /** An end of a planned step; `step` in words. */
  | {readonly kind: 'step'; readonly step: string}
  /** A replication that is running beside this needs it. */
  | {readonly kind: 'running-step'; readonly step: string; readonly job: string}
  /** An end of the receiver's partial receive. */
  | {readonly kind: 'partial-receive'}
  /** Empty `tags`: it has holds that were not listed. */
  | {readonly kind: 'held'; readonly tags: readonly HoldTag[]}
  /** `clones`: their names, for people. */
  | {readonly kind: 'cloned'; readonly clones: string}
  /** Replication does not work at the moment, and this is not older than what is known to have arrived. */
  | {readonly kind: 'unconfirmed'}

/** Why one rule does not keep a snapshot. */
export type DestroyReason = {readonly kind: 'rule'; readonly rule: KeepRule; readonly miss: Miss}
