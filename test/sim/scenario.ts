import {describeFault, type Fault} from './fault.ts'
import {differences, normalForm} from './normal-form.ts'
import type {WorldOptions} from './options.ts'
import {leftovers, unsent} from './quiescence.ts'
import {type Run, run} from './run.ts'
import {copyWorld, createWorld, passAnHour, type World} from './world.ts'

/** A run with faults and what has to come of it. Plain data: what a regression file contains. */
export type Scenario = {
  readonly options: Partial<WorldOptions>
  /** Whether the disturbed run is the first one ever, or one after an hour of changes. */
  readonly stage: 'initial' | 'incremental'
  readonly faults: readonly Fault[]
}

/** What came of it: nothing in `problems` means that all invariants held and two quiet runs were enough. */
export type Verdict = {readonly problems: readonly string[]; readonly runs: number}

/** A scenario without its faults: the world before the run, and the run as nobody disturbs it. */
export type Baseline = {
  readonly start: World
  readonly trace: Run['trace']
  readonly frames: number
  /** Normal form at the end. */
  readonly expected: string
}

const MINUTE_MS = 60_000

/** Prepares the world of a scenario and runs it undisturbed, which has to go well and to be finished after one run. */
export async function prepare({options, stage}: Omit<Scenario, 'faults'>): Promise<Baseline> {
  const start = createWorld(options)
  if (stage === 'incremental') {
    expectClean('the first run', await run(start))
    passAnHour(start, 'later')
  }
  const world = copyWorld(start)
  const {trace, frames, ...rest} = await run(world)
  expectClean('the undisturbed run', {trace, frames, ...rest})
  const wrong = [...unsent(world), ...leftovers(world)]
  if (wrong.length > 0) throw new Error(`the undisturbed run leaves: ${wrong.join('; ')}`)
  return {start, trace, frames, expected: normalForm(world)}
}

/** Plays the faults against the world, then lets two quiet runs put it in order, then sees that all is quiet (I2, I3, I11). */
export async function play({start, expected}: Baseline, faults: readonly Fault[]): Promise<Verdict> {
  const world = copyWorld(start)
  const problems: string[] = []
  let runs = 0

  async function once(name: string, faults: readonly Fault[]): Promise<Run> {
    const done = await run(world, {faults})
    runs += 1
    world.nature.nowMs += MINUTE_MS
    problems.push(...violationsOf(name, done))
    const status = done.end.kind === 'done' ? done.end.status : undefined
    if (status === 0) problems.push(...unsent(world).map((what) => `I5 in ${name}: exit 0, but ${what}`))
    return done
  }

  const disturbed = await once('the disturbed run', faults)
  if (disturbed.end.kind === 'failed' && disturbed.violations.length === 0)
    problems.push(`the disturbed run ended without a report: ${disturbed.end.error}`)
  const first = await once('the first quiet run', [])
  if (!isThrough(first, world, expected)) {
    const second = await once('the second quiet run', [])
    problems.push(...unconverged(second, world, expected))
  }
  problems.push(...leftovers(world).map((what) => `I3 after the quiet runs: ${what}`))
  const idle = await once('the idle run', [])
  problems.push(
    ...idle.trace
      .filter(({mutates}) => mutates)
      .map(({argv}) => `I11: the idle run does zfs ${argv.join(' ')}`),
  )
  return {problems, runs}
}

/** One paragraph that says everything needed to see it again. */
export function describeFailure(scenario: Scenario, problems: readonly string[]): string {
  const faults = scenario.faults.map(describeFault).join(', then ')
  return `${scenario.options.direction} ${scenario.stage}, ${faults}:\n  ${problems.slice(0, 5).join('\n  ')}\n  ${JSON.stringify(scenario)}`
}

function isThrough({end}: Run, world: World, expected: string): boolean {
  return end.kind === 'done' && end.status === 0 && normalForm(world) === expected
}

function unconverged({end}: Run, world: World, expected: string): readonly string[] {
  const actual = normalForm(world)
  return [
    ...(end.kind === 'done' && end.status === 0
      ? []
      : [
          `I2: the second quiet run ends ${end.kind} ${end.kind === 'done' ? end.status : ''}: ${reasonsOf(end)}`,
        ]),
    ...(actual === expected
      ? []
      : [`I2: not what an undisturbed run leaves: ${differences(expected, actual)}`]),
  ]
}

function reasonsOf(end: Run['end']): string {
  if (end.kind !== 'done') return end.kind === 'failed' ? String(end.error) : ''
  const {snapshot, replicate, pruneSender, pruneReceiver} = end.outcome
  const errors = [
    ...[snapshot, replicate, pruneSender, pruneReceiver].map((part) => part?.error?.message),
    ...(replicate?.filesystems ?? []).map(({filesystem, error, because, state}) =>
      error || state === 'conflict' ? `${filesystem}: ${error?.message ?? because}` : undefined,
    ),
  ]
  return errors.filter((error) => error !== undefined).join('; ')
}

function violationsOf(name: string, {violations}: Run): readonly string[] {
  return violations.map(({invariant, where, what}) => `${invariant} in ${name}, ${where}: ${what}`)
}

function expectClean(name: string, done: Run): void {
  const problems = violationsOf(name, done)
  const {end} = done
  if (problems.length > 0 || end.kind !== 'done' || end.status !== 0)
    throw new Error(`${name} is not clean: ${[...problems, reasonsOf(end)].join('; ')}`)
}
