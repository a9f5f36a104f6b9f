import type {WorldOptions} from '../../sim/options.ts'

/**
 * Runs of the whole program, snapshot, replicate, prune, with what users and mishaps do between and amid them. On real ZFS it
 * is the executable with a passive side in a process of its own; in the simulator it is what all its tests run.
 */
export type Cycle = {
  readonly id: string
  readonly options: Partial<Pick<WorldOptions, 'access' | 'children' | 'retention'>>
  readonly acts: readonly Act[]
  /** Numbers of the semantics it probes. */
  readonly semantics?: readonly number[]
}

export type Act =
  | {readonly do: 'run'; readonly fault?: CycleFault}
  /** A user gives a command; the pool it names says on which side. */
  | {readonly do: 'user'; readonly words: readonly string[]}
  /** A user writes some blocks of a filesystem. */
  | {readonly do: 'write'; readonly dataset: string}
  | {readonly do: 'create-encrypted' | 'unload-key'; readonly dataset: string}
  | {readonly do: 'pass'; readonly hours: number}

/** At a command, as `send:1` for the second `zfs send` of the run on either side: what a script in the place of `zfs` can do. */
export type CycleFault = {readonly at: `${string}:${number}`} & (
  | {readonly kind: 'kill'; readonly when: 'before' | 'after'; readonly whom: 'owner' | 'everybody'}
  | {readonly kind: 'fail'; readonly when: 'instead' | 'after'}
  | {readonly kind: 'abort'; readonly when: 'instead' | 'after'}
  /** `zfs send` is killed when its first record, or most of its stream, is through. */
  | {readonly kind: 'die'; readonly behind: 'first-record' | 'most'}
  /** Somebody else gives this command right before. */
  | {readonly kind: 'foreign'; readonly words: readonly string[]}
)

/** What is compared of a run. */
export type ToldRun = {
  /**
   * Every `zfs` and `zpool` of each side, in the order they were started; left out where libzfs_core is used, and from what is
   * recorded: the program may come to the same with other commands one day.
   */
  readonly sender?: readonly string[]
  readonly receiver?: readonly string[]
  /** What the report says, and how the run ended. */
  readonly report: readonly string[]
  /** Everything on both pools afterwards; of a run after another, what is no longer there and what is new. */
  readonly pools: readonly string[]
}

export const POOLS = {sender: 'tank', receiver: 'vault'} as const

const COPY = 'vault/backups/prod/tank/data'
const ONE = {children: []} as const

const user = (words: string): Act => ({do: 'user', words: words.split(' ')})
const run: Act = {do: 'run'}
const disturbed = (fault: CycleFault): Act => ({do: 'run', fault})
/** New data in `tank/data`, and a snapshot of it that is no business of ours. */
const byHand = (name: string): readonly Act[] => [
  {do: 'write', dataset: 'tank/data'},
  user(`snapshot tank/data@${name}`),
]
const anHour: Act = {do: 'pass', hours: 1}

export const CYCLES: readonly Cycle[] = [
  {id: 'undisturbed', options: {}, acts: [run, ...byHand('a'), run, anHour, ...byHand('b'), run, run]},
  {id: 'library', options: {...ONE, access: 'library'}, acts: [run, anHour, ...byHand('a'), run]},
  {
    id: 'broken-off',
    semantics: [45],
    options: ONE,
    acts: [disturbed({at: 'send:0', kind: 'die', behind: 'most'}), run, ...byHand('a'), run],
  },
  {
    id: 'killed',
    options: ONE,
    acts: [
      disturbed({at: 'receive:0', kind: 'kill', when: 'before', whom: 'everybody'}),
      disturbed({at: 'receive:0', kind: 'kill', when: 'after', whom: 'everybody'}),
      anHour,
      disturbed({at: 'bookmark:0', kind: 'kill', when: 'before', whom: 'everybody'}),
      ...byHand('a'),
      disturbed({at: 'hold:1', kind: 'kill', when: 'after', whom: 'everybody'}),
      run,
    ],
  },
  {
    id: 'failing',
    semantics: [45],
    options: ONE,
    acts: [
      disturbed({at: 'create:0', kind: 'abort', when: 'instead'}),
      disturbed({at: 'hold:0', kind: 'fail', when: 'after'}),
      anHour,
      disturbed({at: 'receive:0', kind: 'fail', when: 'instead'}),
      ...byHand('a'),
      disturbed({at: 'bookmark:0', kind: 'fail', when: 'instead'}),
      run,
    ],
  },
  {
    id: 'conflict',
    options: {children: [['a b', 'filesystem']]},
    acts: [
      run,
      user(`snapshot ${COPY}@foreign`),
      ...byHand('a'),
      run,
      {do: 'write', dataset: COPY},
      run,
      user(`rollback ${COPY}@foreign`),
      user(`destroy ${COPY}@foreign`),
      run,
    ],
  },
  {
    id: 'held',
    options: ONE,
    acts: [
      user('hold keep tank/data@first'),
      run,
      user('clone tank/data@second tank/copy'),
      anHour,
      ...byHand('a'),
      run,
      user('release keep tank/data@first'),
      user('destroy tank/copy'),
      run,
    ],
  },
  {
    id: 'refused',
    options: ONE,
    acts: [
      run,
      anHour,
      ...byHand('a'),
      ...byHand('b'),
      disturbed({at: 'destroy:0', kind: 'foreign', words: ['hold', 'keep', 'tank/data@second']}),
      run,
    ],
  },
  {
    id: 'grid',
    options: {...ONE, retention: 'years'},
    acts: [
      ...[20, 5, 1, 1, 30, 2, 1].flatMap((hours, index): readonly Act[] => [
        {do: 'pass', hours},
        user(`snapshot tank/data@zrepl_by_hand_${index}`),
      ]),
      run,
      {do: 'pass', hours: 200},
      run,
    ],
  },
  {
    id: 'encrypted',
    options: ONE,
    acts: [
      {do: 'create-encrypted', dataset: 'tank/data/secret'},
      {do: 'write', dataset: 'tank/data/secret'},
      run,
      {do: 'unload-key', dataset: 'tank/data/secret'},
      anHour,
      run,
    ],
  },
]
