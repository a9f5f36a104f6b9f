import type {JobId} from '../abstraction/job-id.ts'
import type {NonEmpty} from '../core/assert.ts'
import type {PhaseHook} from '../plan/hook-policy.ts'
import type {
  ReceivePolicy,
  ReplicationPolicy,
  RetentionFloor,
  SendPolicy,
  SnapshotPolicy,
} from '../plan/policy.ts'
import type {KeepRule} from '../prune/keep-rule.ts'
import type {PruneLimit, PrunePolicy} from '../prune/policy.ts'
import type {Filter} from '../scope/filter.ts'
import type {PathRule} from '../scope/path-rules.ts'
import type {DatasetName} from '../zfs/name.ts'
import type {BuiltinSshSettings} from './builtin-ssh-option.ts'

/** A job as resolved from the configuration: defaults filled in, texts parsed, nothing left to interpret. */
export type Job = PushJob | PullJob | SinkJob | SourceJob | SnapJob

/** Jobs that are served to a client by `stdinserver`. */
export type PassiveJob = SinkJob | SourceJob

export type PushJob = {
  readonly type: 'push'
  readonly name: JobId
  readonly hooks: readonly PhaseHook[]
  readonly connect: Connect
  readonly filesystems: Filter
  readonly snapshotting: SnapshotPolicy
  readonly send: SendPolicy
  readonly replication: ReplicationPolicy
  /** How long a stream may be without a byte; `undefined`: for ever. */
  readonly idleMs: number | undefined
  readonly pruning: ReplicatedPruning
}

export type PullJob = {
  readonly type: 'pull'
  readonly name: JobId
  readonly hooks: readonly PhaseHook[]
  readonly connect: Connect
  readonly rootFs: DatasetName
  readonly pathMapping: readonly PathRule[]
  /** How often it is to run; `undefined` where a person starts it (`manual`). Read by `zrepl timers` only. */
  readonly intervalMs: number | undefined
  readonly recv: ReceivePolicy
  readonly replication: ReplicationPolicy
  /** How long a stream may be without a byte; `undefined`: for ever. */
  readonly idleMs: number | undefined
  readonly pruning: ReplicatedPruning
}

export type SinkJob = {
  readonly type: 'sink'
  readonly name: JobId
  readonly serve: Serve
  readonly rootFs: DatasetName
  readonly pathMapping: readonly PathRule[]
  readonly recv: ReceivePolicy
  readonly floor: RetentionFloor
}

export type SourceJob = {
  readonly type: 'source'
  readonly name: JobId
  readonly hooks: readonly PhaseHook[]
  readonly serve: Serve
  /** What it leaves on its pool carries the client's name too, so that several clients can pull the same filesystems. */
  readonly jobIdPerClient: boolean
  readonly filesystems: Filter
  readonly snapshotting: SnapshotPolicy
  readonly send: SendPolicy
  readonly floor: RetentionFloor
}

export type SnapJob = {
  readonly type: 'snap'
  readonly name: JobId
  readonly hooks: readonly PhaseHook[]
  readonly filesystems: Filter
  readonly snapshotting: SnapshotPolicy
  readonly pruning: {readonly keep: NonEmpty<KeepRule>; readonly limit: PruneLimit}
}

/** What stays on both sides of a replication. */
export type ReplicatedPruning = {
  readonly keepSender: NonEmpty<KeepRule>
  readonly keepReceiver: NonEmpty<KeepRule>
  readonly policy: PrunePolicy
}

export type Connect =
  | {
      readonly type: 'ssh+stdinserver'
      readonly host: string
      readonly user: string
      readonly port: number
      readonly identityFile: string
      readonly client: SshClient
      readonly dialTimeoutMs: number
    }
  | {
      readonly type: 'local'
      readonly listenerName: string
      readonly clientIdentity: string
      readonly dialTimeoutMs: number
    }
  | NeedsDaemon

/** Who speaks ssh for us. Each of `options` becomes `-o OPTION` of ssh. */
export type SshClient =
  | {readonly kind: 'openssh'; readonly options: readonly string[]}
  | ({readonly kind: 'builtin'} & BuiltinSshSettings)

export type Serve =
  | {readonly type: 'stdinserver'; readonly clientIdentities: readonly string[]}
  | {readonly type: 'local'; readonly listenerName: string}
  | NeedsDaemon

/**
 * A transport of zrepl's that needs a process listening all the time. The job loads, so that the file can be shared
 * with zrepl on a host that has not switched yet; using the job is a configuration error at this place.
 */
export type NeedsDaemon = {readonly type: 'needs-daemon'; readonly transport: string; readonly place: string}
