import {consequencesOf} from './consequences.ts'
import type {Deed} from './deeds.ts'
import {type CommandFault, describeFault, type Fault, liesCredibly} from './fault.ts'
import {actForeign} from './foreign.ts'
import {differences, normalForm} from './normal-form.ts'
import type {WorldOptions} from './options.ts'
import type {Entry} from './process/entry.ts'
import {leftovers, unsent} from './quiescence.ts'
import {type Run, run} from './run.ts'
import {untrue} from './told.ts'
import {pairsOf} from './view.ts'
import {copyWorld, createWorld, passAnHour, type World} from './world.ts'

/** A run with faults and what has to come of it. Plain data: what a regression file contains. */
export type Scenario = {
  readonly options: Partial<WorldOptions>
  /** Whether the disturbed run is the first one ever, or one after an hour of changes. */
  readonly stage: 'initial' | 'incremental'
  readonly faults: readonly Fault[]
}

/** A scenario without its faults: the world before the run, and the run as nobody disturbs it. */
export type Baseline = {
  readonly start: World
  readonly trace: Run['trace']
  readonly frames: number
  /** Normal forms at the end: one, or as many as there are ways to begin. */
  readonly expected: readonly [string, ...string[]]
}

/** What came of it: nothing in `problems` means that all invariants held and two quiet runs were enough. */
export type Verdict = {readonly problems: readonly string[]; readonly runs: number}

const MINUTE_MS = 60_000

/** Prepares the world of a scenario and runs it undisturbed, which has to go well and to be finished after one run. */
export async function prepare({options, stage}: Omit<Scenario, 'faults'>): Promise<Baseline> {
  const start = createWorld(options)
  if (stage === 'incremental') {
    expectClean('the first run', await run(start))
    passAnHour(start, 'later')
  }
  const world = copyWorld(start)
  const undisturbed = await run(world)
  expectClean('the undisturbed run', undisturbed)
  const wrong = [...unsent(world), ...leftovers(world)]
  if (wrong.length > 0) throw new Error(`the undisturbed run leaves: ${wrong.join('; ')}`)
  const expected = [normalForm(world), ...(await otherBeginnings(start))] as const
  return {start, trace: undisturbed.trace, frames: undisturbed.frames, expected}
}

/**
 * Where only the newest snapshot is sent at first, a run that could not take its own begins with the one before, and
 * that one stays: a second end that is as good, and the only other one.
 */
async function otherBeginnings(start: World): Promise<readonly string[]> {
  if (start.options.initialReplication !== 'most_recent') return []
  const world = copyWorld(start)
  expectClean('a run without a snapshot', await run(world, {phases: ['replicate', 'prune']}))
  world.nature.nowMs += MINUTE_MS
  expectClean('the run after it', await run(world))
  return [normalForm(world)]
}

/** Lets the faults happen, then two quiet runs put it in order, then sees that a further run has nothing to do (I2, I3, I11). */
export async function play(
  {start, trace, expected: ends}: Baseline,
  faults: readonly Fault[],
): Promise<Verdict> {
  const world = copyWorld(start)
  // A snapshot that a listing conceals makes its filesystem, and only that one, begin with the one before.
  const anyBeginning = start.options.initialReplication === 'most_recent' && faults.some(liesCredibly)
  const expected = anyBeginning ? undefined : ends
  const problems: string[] = []
  let runs = 0

  async function once(name: string, faults: readonly Fault[]): Promise<Run> {
    const done = await run(world, {faults})
    runs += 1
    world.nature.nowMs += MINUTE_MS
    problems.push(...violationsOf(name, done), ...untrue(done, world).map((what) => `I5 in ${name}: ${what}`))
    const through = done.end.kind === 'done' && done.end.status === 0
    if (through && !faults.some(liesCredibly))
      problems.push(...unsent(world).map((what) => `I5 in ${name}: exit 0, but ${what}`))
    return done
  }

  const disturbed = await once('the disturbed run', faults)
  // A program that lies in a way that nobody can see is believed for a day.
  if (faults.some(liesCredibly)) world.kept.clear()
  const [only, another] = faults
  if (only !== undefined && another === undefined && only.kind !== 'frame')
    problems.push(
      ...consequencesOf(entryAt(trace, only.at), only, disturbed, reasonsOf(disturbed.end), world),
    )
  const begun =
    another === undefined && (only?.kind === 'cut' || only?.kind === 'die') ? begunStreams(world) : []
  const first = await once('the first quiet run', [])
  if (begun.length > 0 && !first.trace.some(isResumed))
    problems.push(`what has arrived of ${begun.join(', ')} is sent again`)
  const rest = unconverged(first, world, expected)
  if (begun.length > 0)
    problems.push(
      ...rest.map((what) => `the run that continues ${begun.join(', ')} does not get through: ${what}`),
    )
  if (rest.length > 0) {
    const second = await once('the second quiet run', [])
    problems.push(...unconverged(second, world, expected).map((what) => `I2 after two quiet runs: ${what}`))
  }
  problems.push(...leftovers(world).map((what) => `I3 after the quiet runs: ${what}`))
  const idle = await once('the idle run', [])
  problems.push(...changesOf(idle).map((command) => `I11: the idle run does ${command}`))
  return {problems, runs}
}

/** The filesystems of which the receiver has a part of a stream on disk. */
function begunStreams(world: World): readonly string[] {
  return pairsOf(world).flatMap(({name, receiver}) => ((receiver?.partial?.nextBlock ?? 0) > 0 ? [name] : []))
}

function isResumed({argv, stream}: Entry): boolean {
  return stream === 'out' && argv.includes('-t')
}

/** The command a fault is at: by its position, or as the nth of a verb (`send:1`). */
function entryAt(trace: Run['trace'], at: CommandFault['at']): Entry | undefined {
  if (typeof at === 'number') return trace[at]
  const [verb, nth] = at.split(':')
  return trace.filter(({argv}) => argv[0] === verb)[Number(nth)]
}

/** What happens in a run, and what somebody does when it is over. */
export type Interruption = {readonly faults: readonly Fault[]; readonly deed?: Deed | undefined}

/**
 * Somebody else acts in the middle of a run or behind it. Afterwards either all is well, or the filesystems in conflict are
 * told and left alone; never does a run change something for ever.
 */
export async function playForeign({start}: Baseline, {faults, deed}: Interruption): Promise<Verdict> {
  const world = copyWorld(start)
  const problems: string[] = []
  let last: Run | undefined
  for (const name of ['the disturbed run', 'the first run after', 'the second run after', 'the idle run']) {
    last = await run(world, last === undefined ? {faults} : {})
    world.nature.nowMs += MINUTE_MS
    problems.push(...violationsOf(name, last))
    if (deed !== undefined && name === 'the disturbed run')
      actForeign(deed.host === world.sender.name ? world.sender : world.receiver, deed.argv)
  }
  const status = last?.end.kind === 'done' ? last.end.status : undefined
  if (status === undefined) problems.push('the idle run has no report')
  if (status === 0)
    problems.push(...[...unsent(world), ...leftovers(world)].map((what) => `I5: exit 0, but ${what}`))
  if (last !== undefined)
    problems.push(...changesOf(last).map((command) => `I11: the idle run does ${command}`))
  return {problems, runs: 4}
}

/** One paragraph that says everything needed to see it again. */
export function describeFailure(scenario: Scenario, problems: readonly string[]): string {
  const faults = scenario.faults.map(describeFault).join(', then ')
  const more = problems.length > 5 ? [`and ${problems.length - 5} more`] : []
  return [faults, ...problems.slice(0, 5), ...more, JSON.stringify(scenario)].join('\n  ')
}

function unconverged(
  {end}: Run,
  world: World,
  expected: Baseline['expected'] | undefined,
): readonly string[] {
  const actual = normalForm(world)
  const status = end.kind === 'done' ? end.status : end.kind
  return [
    ...(status === 0 ? [] : [`the run ends with ${status}: ${reasonsOf(end)}`]),
    ...(expected === undefined || expected.includes(actual)
      ? []
      : [`not what an undisturbed run leaves: ${differences(expected[0], actual)}`]),
  ]
}

/** Everything a run complains of, in one line. */
export function reasonsOf(end: Run['end']): string {
  if (end.kind !== 'done') return end.kind === 'failed' ? String(end.error) : ''
  const {snapshot, replicate, pruneSender, pruneReceiver} = end.outcome
  const errors = [snapshot, replicate, pruneSender, pruneReceiver].map((part) => part?.error?.message)
  const filesystems = (replicate?.filesystems ?? []).map(({filesystem, state, error, because}) =>
    error !== undefined || state === 'conflict' ? `${filesystem}: ${error?.message ?? because}` : undefined,
  )
  return [...errors, ...filesystems].filter((error) => error !== undefined).join('; ')
}

function changesOf({trace}: Run): readonly string[] {
  return trace.filter(({mutates}) => mutates).map(({argv}) => `zfs ${argv.join(' ')}`)
}

function violationsOf(name: string, {violations}: Run): readonly string[] {
  return violations.map(({invariant, where, what}) => `${invariant} in ${name}, ${where}: ${what}`)
}

function expectClean(name: string, done: Run): void {
  const problems = violationsOf(name, done)
  if (problems.length > 0 || done.end.kind !== 'done' || done.end.status !== 0)
    throw new Error(`${name} is not clean: ${[...problems, reasonsOf(done.end)].join('; ')}`)
}
