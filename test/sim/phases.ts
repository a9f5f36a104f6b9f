import type {Phase} from '../../src/lib/replicate/phase.ts'
import {run} from './run.ts'
import {prepare, reasonsOf} from './scenario.ts'
import {copyWorld, passAnHour} from './world.ts'

/** `zrepl snap`, `replicate`, `prune` and two of them at a time. */
const PARTS: readonly (readonly Phase[])[] = [
  ['snapshot'],
  ['replicate'],
  ['prune'],
  ['snapshot', 'prune'],
  ['snapshot', 'replicate'],
  ['replicate', 'prune'],
]

/** What goes wrong in runs of some phases only, with more snapshots that wait than the rules of the sender keep. */
export async function problemsOfPhases(direction: 'push' | 'pull'): Promise<readonly string[]> {
  const {start} = await prepare({options: {direction}, stage: 'incremental'})
  passAnHour(start, 'another')
  const problems: string[] = []
  for (const phases of PARTS) {
    const {violations, end} = await run(copyWorld(start), {phases})
    const name = phases.join(' and ')
    problems.push(
      ...violations.map(({invariant, where, what}) => `${invariant} in ${name}, ${where}: ${what}`),
    )
    if (end.kind !== 'done' || end.status !== 0)
      problems.push(`${name} alone does not end well: ${reasonsOf(end)}`)
  }
  return problems
}
