import type {ProgramResult} from '../../../src/lib/zfs-client/run-program.ts'
import type {Entry} from '../process/entry.ts'

/**
 * One invariant, watching a run. Each function tells what is wrong, one sentence for each thing.
 */
export type Check = {
  /** By its number in the list of invariants: `I1`. */
  readonly invariant: string
  /** A command that changes something is about to run. */
  readonly before?: (entry: Entry) => readonly string[]
  /** The verbs that could break it; `after` is asked for them only. */
  readonly changedBy?: readonly string[]
  /** Something has changed: by this command, or beside it. */
  readonly after?: (entry: Entry, result: ProgramResult) => readonly string[]
  /** Somebody else has changed something: what is now is where we start from. */
  readonly accept?: () => void
  /** All processes have ended. */
  readonly end?: () => readonly string[]
}
