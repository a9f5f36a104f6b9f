import {requestInsideStream} from './behind-stream.ts'
import {crashLoop} from './crash-loop.ts'
import {deedsOf} from './deeds.ts'
import {faultOfEachKind} from './enumerate.ts'
import type {Fault} from './fault.ts'
import {describeInterruption, interruptionsOf} from './interruptions.ts'
import {normalForm} from './normal-form.ts'
import {problemsOfPhases} from './phases.ts'
import {run} from './run.ts'
import {describeFailure, play, playForeign, prepare, reasonsOf, type Scenario} from './scenario.ts'
import {together} from './together.ts'
import {VARIANTS} from './variants.ts'
import {copyWorld, createWorld} from './world.ts'

/** The exit status of a hunt that found something: no other failure has it. */
export const FOUND_STATUS = 42

/**
 * A little of everything, ending at the first thing that goes wrong: for seeing quickly whether a change of the program
 * is noticed at all. Prints it and exits with FOUND_STATUS. `mutation.ts` runs it on programs with deliberate mistakes.
 */
if (import.meta.main) {
  const problem = await firstProblem()
  if (problem !== undefined) console.log(problem)
  process.exitCode = problem === undefined ? 0 : FOUND_STATUS
}

async function firstProblem(): Promise<string | undefined> {
  try {
    for await (const problem of problems()) if (problem !== undefined) return problem
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

type Place = Omit<Scenario, 'faults'>

/** What finds most comes first. */
async function* problems(): AsyncGenerator<string | undefined> {
  const usual = inBothStages([{options: {}}, {options: {direction: 'pull'}}])
  const others = inBothStages(VARIANTS)
  yield* await requestInsideStream(createWorld())
  yield* someReplacements()
  yield* someOverlaps()
  for (const direction of ['push', 'pull'] as const) {
    yield* await problemsOfPhases(direction)
    yield* someReplays(direction)
    yield* someDeedsBetween({options: {direction}, stage: 'incremental'})
  }
  for (const place of usual) yield* someFaults(place, 0)
  for (const direction of ['push', 'pull'] as const) {
    for (const changing of [true, false]) {
      const {problems} = await crashLoop({seed: 1, direction, crashes: 30, changing})
      yield problems[0]
    }
    yield* someDeeds({options: {direction}, stage: 'incremental'})
  }
  for (const place of others) yield* someFaults(place, 1)
}

function inBothStages(worlds: readonly Pick<Scenario, 'options'>[]): readonly Place[] {
  return worlds.flatMap(({options}) => [
    {options, stage: 'initial'},
    {options, stage: 'incremental'},
  ])
}

/** One fault of each kind. */
async function* someFaults(place: Place, turn: number): AsyncGenerator<string | undefined> {
  const baseline = await prepare(place)
  for (const fault of faultOfEachKind(baseline, turn)) {
    const {problems} = await play(baseline, [fault])
    if (problems.length > 0) yield describeFailure({...place, faults: [fault]}, problems)
  }
}

/** As a user: a look and a deed, and between them somebody else. */
async function* someReplacements(): AsyncGenerator<string | undefined> {
  const place = {options: {runsAs: 'user'}, stage: 'incremental'} as const
  const baseline = await prepare(place)
  for (const deed of deedsOf(baseline).filter(({argv}) => argv[0] === 'replace'))
    for (const at of ['program:0', 'program:1'] as const) {
      const faults = [{...deed, at}]
      const {problems} = await playForeign(baseline, {faults})
      if (problems.length > 0) yield describeFailure({...place, faults}, problems)
    }
}

/** A run that goes from error to error, and two that come at once: one of them takes its place. */
async function* someOverlaps(): AsyncGenerator<string | undefined> {
  const {start} = await prepare({options: {}, stage: 'incremental'})
  const faults = [0, 1, 2].flatMap((nth): Fault[] => [
    {kind: 'delay', at: `send:${nth}`, ms: 25_000},
    {kind: 'die', at: `send:${nth}`, bytes: 1},
  ])
  const {runs, violations} = await together(copyWorld(start), [
    {kind: 'start', when: {afterMs: 0}, faults},
    {kind: 'start', when: {afterMs: 20_000}},
    {kind: 'start', when: {afterMs: 70_000}},
    {kind: 'start', when: {afterMs: 70_000}},
  ])
  for (const {invariant, what} of violations) yield `${invariant} in runs at the same time: ${what}`
  const statuses = runs.map(({end}) => end?.status).join()
  if (statuses !== '6,5,0,5') yield `runs at the same time end with ${statuses}`
}

/** Every request comes twice. */
async function* someReplays(direction: 'push' | 'pull'): AsyncGenerator<string | undefined> {
  const {start, expected} = await prepare({options: {direction}, stage: 'incremental'})
  const world = copyWorld(start)
  const {end} = await run(world, {replays: {isReplayed: () => true, onRequest: () => {}}})
  const status = end.kind === 'done' ? end.status : end.kind
  if (status !== 0) yield `with every request twice the run ends with ${status}: ${reasonsOf(end)}`
  if (!expected.includes(normalForm(world))) yield 'every request twice leaves something else than once'
}

async function* someDeeds(place: Place): AsyncGenerator<string | undefined> {
  const baseline = await prepare(place)
  for (const [index, deed] of deedsOf(baseline).entries())
    for (let at = index; at < baseline.trace.length; at += 23) {
      const faults = [{...deed, at}]
      const {problems} = await playForeign(baseline, {faults})
      if (problems.length > 0) yield describeFailure({...place, faults}, problems)
    }
}

/** Somebody acts between a run whose stream breaks off and the next. */
async function* someDeedsBetween(place: Place): AsyncGenerator<string | undefined> {
  const baseline = await prepare(place)
  for (const interruption of interruptionsOf(baseline)) {
    const {problems} = await playForeign(baseline, interruption)
    if (problems.length > 0) yield describeInterruption(place, interruption, problems)
  }
}
