import type {ReplicationPolicy} from '../../src/lib/plan/policy.ts'
import type {RunsAs} from './pool.ts'
import type {ProfileName} from './profile.ts'

/** Everything that makes a world what it is: two worlds of equal options behave alike to the last byte. */
export type WorldOptions = {
  readonly seed: number
  readonly direction: 'push' | 'pull'
  /** OpenZFS on either side. */
  readonly sender: ProfileName
  readonly receiver: ProfileName
  readonly initialReplication: ReplicationPolicy['initialReplication']
  readonly diverged: ReplicationPolicy['diverged']
  readonly protection: ReplicationPolicy['protection']
  readonly concurrentSteps: number
  /** By what holds, bookmarks and snapshots are changed, on both sides. */
  readonly access: 'cli' | 'library'
  /** Both sides: as root, or as a user by `zfs allow`. */
  readonly runsAs: RunsAs
  /** Bytes a pipe takes before its writer has to wait. */
  readonly pipeBytes: number
  /** When a passive side notices that its client has gone while it is busy. */
  readonly hangUp: 'at-once' | 'when-idle'
  /** How many turns a command waits at most before it does the next thing: 0 is one fixed order of events. */
  readonly jitter: number
  /** The receiver has an empty placeholder where `tank/data` is to go: below it, something was received before. */
  readonly placeholder: boolean
  /** Both sides keep what they have listed from run to run. */
  readonly remembers: boolean
  /** The clock of the sender is put back by two hours between the first snapshots: their dates say another order. */
  readonly clockGoesBack: boolean
  /** Rules that keep a handful, or for years fewer and fewer besides. */
  readonly retention: 'short' | 'years'
  /** Streams are compressed between the hosts. */
  readonly compressed: boolean
  /** Words of the configuration, the first that are so, that are others here. */
  readonly rewritten: readonly (readonly [find: string, replace: string])[]
  /** Datasets of the sender below `tank/data`, besides `tank/data` itself. */
  readonly children: readonly (readonly [name: string, type: 'filesystem' | 'volume'])[]
}

export const DEFAULTS: WorldOptions = {
  seed: 1,
  direction: 'push',
  sender: '2.3.2',
  receiver: '2.3.2',
  initialReplication: 'all',
  diverged: 'fail',
  protection: {initial: 'guarantee_resumability', incremental: 'guarantee_resumability'},
  concurrentSteps: 1,
  access: 'cli',
  runsAs: 'root',
  pipeBytes: 65_536,
  hangUp: 'when-idle',
  jitter: 0,
  placeholder: false,
  remembers: false,
  clockGoesBack: false,
  retention: 'short',
  compressed: false,
  rewritten: [],
  children: [
    ['a b', 'filesystem'],
    ['vol', 'volume'],
  ],
}
