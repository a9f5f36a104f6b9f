import {describeFault, type Fault} from './fault.ts'
import {leftovers, unsent} from './quiescence.ts'
import {below, createRandom, oneOf, type Random} from './random.ts'
import {run} from './run.ts'
import {createWorld, passAnHour, type World} from './world.ts'

export type CrashLoop = {
  readonly seed: number
  readonly direction: 'push' | 'pull'
  readonly crashes: number
  /** Users write and take snapshots between the runs. */
  readonly changing: boolean
}

export type CrashLoopEnd = {
  readonly problems: readonly string[]
  /** How many of the runs were really killed: one that has nothing left to do ends before. */
  readonly killed: number
}

/** A run that is killed again and again, soon after it has begun, then two that are not. */
export async function crashLoop({seed, direction, crashes, changing}: CrashLoop): Promise<CrashLoopEnd> {
  const world = createWorld({seed, direction})
  const random = createRandom(seed * 7919)
  const problems: string[] = []
  let killed = 0
  for (let crash = 0; crash < crashes; crash += 1) {
    const fault = randomKill(random)
    const end = await once(world, `crash ${crash}: ${describeFault(fault)}`, [fault], problems)
    if (end.kind === 'killed') killed += 1
    if (changing && crash % 3 === 0) passAnHour(world, `hour${crash}`)
  }
  for (const name of ['the first quiet run', 'the second quiet run']) await once(world, name, [], problems)
  return {problems: [...problems, ...unsent(world), ...leftovers(world)], killed}
}

async function once(world: World, name: string, faults: readonly Fault[], problems: string[]) {
  const {violations, end} = await run(world, {faults})
  world.nature.nowMs += 60_000
  problems.push(...violations.map(({invariant, where, what}) => `${invariant} in ${name}, ${where}: ${what}`))
  return end
}

/** Mostly just behind the listings, so that a run gets a command or two further than the one before. */
function randomKill(random: Random): Fault {
  const at = below(random, 8) === 0 ? below(random, 40) : 6 + below(random, 6)
  const whom = below(random, 8) === 0 ? oneOf(random, ['owner', 'peers'] as const) : 'everybody'
  return {kind: 'kill', at, whom, when: oneOf(random, ['before', 'after'])}
}
