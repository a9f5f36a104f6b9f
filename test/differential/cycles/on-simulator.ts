import type {CommandFault} from '../../sim/fault.ts'
import {DEFAULTS} from '../../sim/options.ts'
import {addDataset, allDatasets, findPool, type Host, mustFindDataset, writeBlock} from '../../sim/pool.ts'
import type {ProfileName} from '../../sim/profile.ts'
import {type Run, run} from '../../sim/run.ts'
import {createWorld, user, type World} from '../../sim/world.ts'
import {objectsOf} from '../on-simulator.ts'
import type {Act, Cycle, CycleFault, ToldRun} from './cycle.ts'
import {type Ended, type FoundPool, type FoundRun, formOf} from './form.ts'
import {timesOf} from './times.ts'

/** Bytes of a stream behind which some of it is on disk. */
const DIES_BEHIND = {'first-record': 330, most: 1500} as const

/** What comes of a cycle in the simulator. */
export async function playOnSimulator(
  {options, acts}: Cycle,
  profile: ProfileName,
): Promise<readonly ToldRun[]> {
  const world = createWorld({...options, sender: profile, receiver: profile, remembers: true})
  const runs: FoundRun[] = []
  const {at} = timesOf(acts)
  for (const [index, act] of acts.entries()) {
    world.nature.nowMs = at[index] ?? world.nature.nowMs
    if (act.do !== 'run') {
      actOn(world, act)
      continue
    }
    // The executable is given an empty directory for what it keeps, too.
    world.kept.clear()
    const done = await run(world, {faults: act.fault === undefined ? [] : [faultOf(act.fault, world)]})
    if (act.fault !== undefined && !done.trace.some(({faults}) => faults.length > 0))
      throw new Error(`no command met ${JSON.stringify(act.fault)}`)
    if (done.violations.length > 0) throw new Error(done.violations.map(({what}) => what).join('; '))
    runs.push({
      commands: done.trace.map(({argv}) => argv),
      ended: endOf(done),
      pools: [world.sender, world.receiver].map(foundOn),
    })
  }
  return formOf(runs, options.access ?? DEFAULTS.access)
}

function actOn(world: World, act: Exclude<Act, {readonly do: 'run'}>): void {
  switch (act.do) {
    case 'pass':
      return
    case 'user':
      user(hostOf(world, act.words), ...act.words)
      return
    case 'write': {
      const host = hostOf(world, [act.dataset])
      for (const block of [0, 1, 2, 3, 4]) writeBlock(host, mustFindDataset(host, act.dataset), block)
      return
    }
    case 'create-encrypted':
      addDataset(world.sender, act.dataset, 'filesystem').encryption = {root: act.dataset, keyLoaded: true}
      return
    case 'unload-key': {
      const {encryption} = mustFindDataset(world.sender, act.dataset)
      if (encryption !== undefined) encryption.keyLoaded = false
    }
  }
}

function hostOf({sender, receiver}: World, words: readonly string[]): Host {
  return words.some((word) => findPool(receiver, word) !== undefined) ? receiver : sender
}

function faultOf({at, ...fault}: CycleFault, world: World): CommandFault {
  switch (fault.kind) {
    case 'die':
      return {at, kind: 'die', bytes: DIES_BEHIND[fault.behind]}
    case 'fail':
      return {at, ...fault, text: 'unknown'}
    case 'foreign':
      return {at, kind: 'foreign', host: hostOf(world, fault.words).name, argv: fault.words}
    default:
      return {at, ...fault}
  }
}

function endOf({end}: Run): Ended {
  if (end.kind === 'done') return {status: end.status, outcome: end.outcome}
  return {status: end.kind === 'killed' ? 'killed' : 70, outcome: undefined}
}

function foundOn(host: Host): FoundPool {
  const [pool = ''] = host.pools.keys()
  const datasets = allDatasets(host)
  return {
    pool,
    objects: datasets.flatMap((dataset) => objectsOf(host, dataset)),
    holds: datasets.flatMap(({name, snapshots}) =>
      snapshots.flatMap((snapshot) =>
        Array.from(snapshot.holds.keys(), (tag) => [`${name}@${snapshot.name}`, tag] as const),
      ),
    ),
    properties: datasets.flatMap(({name, properties}) =>
      Array.from(properties, ([property, {value, source}]) => [name, property, value, source] as const),
    ),
  }
}
