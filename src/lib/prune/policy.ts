import type {OnConflict} from './may-prune.ts'

/** How a job wants to be pruned, besides its rules. Built by `config`. */
export type PrunePolicy = {
  readonly onConflict: OnConflict
  readonly limit: PruneLimit
  /**
   * How old the newest snapshot of a receiver's filesystem must be, in milliseconds, before its absence on the sender
   * makes it one that is judged like others. `undefined`: it is left alone for ever.
   */
  readonly goneAfterMs: number | undefined
}

/** How much one run may destroy on one side without being told to. */
export type PruneLimit = {
  /** Snapshots; `undefined`: any number. */
  readonly count: number | undefined
  /** Of all snapshots of the side; does not apply below `FEW`, where one snapshot is a large share. */
  readonly percent: number
}

/** zrepl has no limit: this one lets through whatever a sensible change of rules can bring about. */
export const DEFAULT_LIMIT: PruneLimit = {count: undefined, percent: 90}

/** So many may always be destroyed, whatever share of the side they are. */
export const FEW = 100
