import type {WorldOptions} from './options.ts'

export type Variant = {readonly name: string; readonly options: Partial<WorldOptions>}

/** Worlds that differ from the usual one in what matters to a program that has to survive in them. */
export const VARIANTS: readonly Variant[] = [
  {name: 'only the newest snapshot at first', options: {initialReplication: 'most_recent'}},
  {
    name: 'bookmarks instead of holds',
    options: {protection: {initial: 'guarantee_incremental', incremental: 'guarantee_incremental'}},
  },
  {
    name: 'no protection',
    options: {
      protection: {initial: 'guarantee_nothing', incremental: 'guarantee_nothing'},
      clockGoesBack: true,
    },
  },
  {name: 'three filesystems at once', options: {concurrentSteps: 3, jitter: 4}},
  {name: 'through libzfs_core', options: {access: 'library', seed: 5}},
  {name: 'pipes that are always full', options: {pipeBytes: 320}},
  {name: 'compressed on the way', options: {compressed: true, seed: 7}},
  {
    name: 'pulled, compressed on the way, through pipes that are always full',
    options: {compressed: true, direction: 'pull', pipeBytes: 320, access: 'library', seed: 8},
  },
  {
    name: 'a hang-up that is noticed at once, not as root',
    options: {hangUp: 'at-once', direction: 'pull', runsAs: 'user', access: 'library'},
  },
  {name: 'a clock that goes back', options: {clockGoesBack: true, direction: 'pull', seed: 4}},
  {
    name: 'OpenZFS 2.1.11, not as root',
    options: {sender: '2.1.11', receiver: '2.1.11', runsAs: 'user', seed: 2},
  },
  {name: 'OpenZFS 2.1.11 to 2.3.3', options: {sender: '2.1.11', receiver: '2.3.3', direction: 'pull'}},
  {name: 'listings that are kept', options: {remembers: true, seed: 3}},
  {
    name: 'listings that are kept, pulled by libzfs_core',
    options: {remembers: true, direction: 'pull', access: 'library', seed: 6},
  },
  {name: 'a placeholder in the place', options: {placeholder: true, receiver: '2.3.3'}},
  {
    name: 'a placeholder in the place, pulled',
    options: {placeholder: true, receiver: '2.2.9', direction: 'pull'},
  },
]
