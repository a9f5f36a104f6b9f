import type {DatasetName} from '../zfs/name.ts'

/** Which datasets a job means (zrepl: `filesystems`). */
export type Filter = {
  /** What the configuration says, in its order: pattern → accept. */
  readonly patterns: ReadonlyMap<string, boolean>
  accepts(dataset: DatasetName): boolean
  /** Smallest set of datasets whose subtrees hold everything that can be accepted; empty = all pools. */
  readonly roots: readonly DatasetName[]
}
