import {describeFailure, play, prepare, type Scenario, type Verdict} from './scenario.ts'
import {byVerb, shrink} from './shrink.ts'

/**
 * A run is a cycle: the whole program with its two sides, which connect, observe, snapshot, replicate and prune, with all
 * invariants judged after every command. `cpuSeconds` are of processor time of all threads, which depends least on what
 * else the machine does.
 */
export type Counts = {
  readonly played: number
  readonly runs: number
  readonly failed: number
  readonly cpuSeconds: number
  readonly seconds: number
}

/** Counts what was played and keeps what went wrong, for one line of figures and one message. */
export type Tally = {
  add(scenario: Scenario, verdict: Verdict): void
  /** The first failures in full, the first of them also as small as it gets; empty when there are none. */
  failures(): Promise<string>
  counts(): Counts
  /** `push initial: 1767 scenarios, 5301 runs in 12.3 s (430 cycles per second, 450 per second of processor time)`. */
  figures(name: string): string
}

const SHOWN = 4

export function createTally(): Tally {
  const failed: {readonly scenario: Scenario; readonly problems: readonly string[]}[] = []
  const cpuBefore = cpuSeconds()
  const startedMs = performance.now()
  let played = 0
  let runs = 0
  return {
    add(scenario, verdict) {
      played += 1
      runs += verdict.runs
      if (verdict.problems.length > 0) failed.push({scenario, problems: verdict.problems})
    },
    async failures() {
      const [first] = failed
      if (first === undefined) return ''
      const shown = failed.slice(0, SHOWN).map(({scenario, problems}) => describeFailure(scenario, problems))
      const more = failed.length > SHOWN ? [`and ${failed.length - SHOWN} more`] : []
      return [...shown, ...more, `for regressions/: ${JSON.stringify(await smallest(first.scenario))}`].join(
        '\n',
      )
    },
    counts,
    figures(name) {
      const {seconds, cpuSeconds} = counts()
      const [rate, cpuRate] = [Math.round(runs / seconds), Math.round(runs / cpuSeconds)]
      return `${name}: ${played} scenarios, ${runs} runs in ${seconds.toFixed(1)} s (${rate} cycles per second, ${cpuRate} per second of processor time)`
    },
  }

  function counts(): Counts {
    return {
      played,
      runs,
      failed: failed.length,
      cpuSeconds: cpuSeconds() - cpuBefore,
      seconds: (performance.now() - startedMs) / 1000,
    }
  }
}

function cpuSeconds(): number {
  const {user, system} = process.cpuUsage()
  return (user + system) / 1e6
}

/** The scenario without what it fails without, its faults named by commands instead of numbers. */
export async function smallest(scenario: Scenario): Promise<Scenario> {
  const small = await shrink(scenario, async (smaller) => {
    const {problems} = await play(await prepare(smaller), smaller.faults)
    return problems.length > 0
  })
  return byVerb(small, (await prepare(small)).trace)
}
