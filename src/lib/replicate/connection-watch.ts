import {OperationalError, type Stopped} from '../core/errors.ts'

/** Notices that the peer is gone, so that a run with many filesystems does not knock once for each. */
export type ConnectionWatch = {
  works(): void
  failed(error: OperationalError | Stopped): void
  /** The error to give up with, when the peer could not be reached twice in a row. */
  lost(): OperationalError | undefined
}

/** A watch that has seen nothing yet. */
export function createConnectionWatch(): ConnectionWatch {
  let inARow = 0
  let last: OperationalError | undefined
  return {
    works: () => {
      inARow = 0
    },
    failed: (error) => {
      if (!(error instanceof OperationalError)) return
      inARow = error.code === 'peer-unreachable' ? inARow + 1 : 0
      last = error
    },
    lost: () => (inARow >= 2 ? last : undefined),
  }
}
