import type {HearsOfLoss} from '../core/log-sink.ts'

/** Counts the lines that a sink has lost, so that it is told of once and not with every line. */
export type LostLines = {
  /** Something is wrong; the first time in a row is told. */
  began(because: string): void
  /** A line is lost. */
  count(): void
  /** Lines go through again, or none will any more: those that were lost are told. */
  ended(): void
}

export function createLostLines(tell: HearsOfLoss): LostLines {
  let wrong = false
  let lines = 0
  return {
    began(because) {
      if (!wrong) tell({because})
      wrong = true
    },
    count() {
      lines += 1
    },
    ended() {
      const lost = lines
      wrong = false
      lines = 0
      if (lost > 0) tell({lines: lost})
    },
  }
}
