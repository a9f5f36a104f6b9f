import {describeFailure, type Scenario, type Verdict} from './scenario.ts'

/** Counts what was played and keeps what went wrong, for one line of figures and one message. */
export type Tally = {
  add(scenario: Scenario, verdict: Verdict): void
  /** The first failures in full; empty when there are none. */
  failures(): string
  /** `push initial: 1767 faults, 5301 runs in 12.3 s (430 cycles/s)`. */
  figures(name: string): string
}

const SHOWN = 4

export function createTally(): Tally {
  const failed: string[] = []
  const startedAt = performance.now()
  let played = 0
  let runs = 0
  return {
    add(scenario, verdict) {
      played += 1
      runs += verdict.runs
      if (verdict.problems.length > 0) failed.push(describeFailure(scenario, verdict.problems))
    },
    failures() {
      const more = failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : []
      return [...failed.slice(0, SHOWN), ...more].join('\n')
    },
    figures(name) {
      const seconds = (performance.now() - startedAt) / 1000
      return `${name}: ${played} scenarios, ${runs} runs in ${seconds.toFixed(1)} s (${Math.round(runs / seconds)} cycles/s)`
    },
  }
}
