import type {Fault} from './fault.ts'
import {actForeign} from './foreign.ts'
import {PREFIX} from './jobs.ts'
import {allDatasets, findDataset, writeBlock} from './pool.ts'
import {leftovers, unsent} from './quiescence.ts'
import {below, createRandom, oneOf, type Random} from './random.ts'
import {type Run, run} from './run.ts'
import {reasonsOf} from './scenario.ts'
import {createWorld, selectedDatasets, type World} from './world.ts'

export type HistoryRequest = {
  readonly seed: number
  readonly direction: 'push' | 'pull'
  /** Ends after so many virtual days. */
  readonly days: number
}

export type History = {
  readonly problems: readonly string[]
  readonly days: number
  readonly runs: number
  /** Of these runs. */
  readonly disturbed: number
  readonly clockJumps: number
  /** The most snapshots a dataset had after a quiet run. */
  readonly mostSnapshots: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Quiet runs that put everything in order, now and then. */
const QUIET_EVERY = 40
/** What the rules keep at most, with what is unsent, held, or has a date from a wrong clock. */
const MOST_SNAPSHOTS = 90

/**
 * Years of a job: a timer every hour, now and then a machine that is off for days, users who write, take, hold and
 * destroy snapshots, clocks that are put right or wrong, and runs that are killed or fail. All invariants hold in every run;
 * after quiet ones everything has arrived, nothing is left over, and nothing grows for ever.
 */
export async function history({seed, direction, days}: HistoryRequest): Promise<History> {
  const random = createRandom(seed * 104_729)
  const world = createWorld({
    seed,
    direction,
    retention: 'years',
    remembers: true,
    children: [['a b', 'filesystem']],
  })
  const startMs = world.nature.nowMs
  const problems: string[] = []
  let runs = 0
  let disturbed = 0
  let clockJumps = 0
  let mostSnapshots = 0

  async function once(faults: readonly Fault[]): Promise<Run> {
    const done = await run(world, {faults})
    runs += 1
    const day = Math.floor((world.nature.nowMs - startMs) / DAY_MS)
    for (const {invariant, where, what} of done.violations)
      problems.push(`seed ${seed}, day ${day}, run ${runs}: ${invariant}, ${where}: ${what}`)
    return done
  }

  async function putInOrder(): Promise<void> {
    // While the clocks are days apart nothing is destroyed, and each run tells so, until somebody puts them right.
    if (Math.abs(world.sender.skewMs) > DAY_MS) world.sender.skewMs = 0
    await once([])
    world.nature.nowMs += 60_000
    const {end} = await once([])
    const status = end.kind === 'done' ? end.status : end.kind
    mostSnapshots = Math.max(mostSnapshots, ...countsOf(world))
    problems.push(
      ...[
        ...(status === 0 ? [] : [`a quiet run ends with ${status}: ${reasonsOf(end)}`]),
        ...unsent(world),
        ...leftovers(world),
        ...(mostSnapshots > MOST_SNAPSHOTS ? [`a dataset has ${mostSnapshots} snapshots`] : []),
      ].map((what) => `seed ${seed}, after run ${runs}: ${what}`),
    )
    forget(world)
  }

  while (world.nature.nowMs < startMs + days * DAY_MS && problems.length === 0) {
    world.nature.nowMs += below(random, 12) === 0 ? below(random, 480) * HOUR_MS : HOUR_MS
    if (below(random, 3) > 0) actAsUser(world, random)
    if (direction === 'pull') runSource(world)
    if (below(random, 100) === 0) {
      world.sender.skewMs = oneOf(random, SKEWS_MS)
      clockJumps += 1
    }
    const faults = below(random, 6) === 0 ? [randomFault(random)] : []
    disturbed += faults.length
    await once(faults)
    if (runs % QUIET_EVERY < 2) await putInOrder()
  }
  return {
    problems,
    days: Math.floor((world.nature.nowMs - startMs) / DAY_MS),
    runs,
    disturbed,
    clockJumps,
    mostSnapshots,
  }
}

/** Right, an hour of summer, minutes, days and a year off. */
const SKEWS_MS = [0, 0, HOUR_MS, -HOUR_MS, 10 * 60_000, -3 * DAY_MS, 3 * DAY_MS, -365 * DAY_MS]

/** What the timer of the source job does: snapshots of all at once, named by the sender's clock. */
function runSource(world: World): void {
  const {sender, nature} = world
  const time = new Date(nature.nowMs + sender.skewMs).toISOString().replace(/[-:]/g, '')
  const name = `${PREFIX}${time.slice(0, 15).replace('T', '_')}_000`
  actForeign(sender, ['snapshot', ...selectedDatasets(world).map((dataset) => `${dataset}@${name}`)])
}

/** Nothing that breaks the chain: who destroys what is needed gets conflicts, and there are other tests for those. */
function actAsUser(world: World, random: Random): void {
  const name = oneOf(random, selectedDatasets(world))
  const dataset = findDataset(world.sender, name)
  if (dataset === undefined) return
  const oldest = `${name}@${dataset.snapshots[0]?.name}`
  const deeds = [
    ['snapshot', `${name}@manual_${world.nature.writes}`],
    ['bookmark', oldest, `${name}#mine_${world.nature.writes}`],
    ['hold', 'mine', oldest],
    ['release', 'mine', oldest],
    ['release', 'mine', oldest],
  ]
  const deed = deeds[below(random, 12)]
  if (deed === undefined) writeBlock(world.sender, dataset, below(random, 5))
  else actForeign(world.sender, deed)
}

/** Somewhere in the run, if it comes that far. */
function randomFault(random: Random): Fault {
  const at = below(random, 30)
  switch (below(random, 6)) {
    case 0:
      return {kind: 'frame', at: below(random, 12), when: oneOf(random, ['before', 'after'])}
    case 1:
      return {
        kind: 'fail',
        at,
        when: oneOf(random, ['instead', 'after']),
        text: oneOf(random, ['known', 'unknown']),
      }
    case 2:
      return {
        kind: 'hang',
        at: `${oneOf(random, ['list', 'hold', 'bookmark', 'release', 'destroy', 'program'])}:0`,
      }
    case 3:
      return {kind: 'cut', at: 'send:0', bytes: below(random, 1500)}
    default:
      return {
        kind: 'kill',
        at,
        when: oneOf(random, ['before', 'after']),
        whom: oneOf(random, ['owner', 'peers', 'everybody']),
      }
  }
}

function countsOf({sender, receiver}: World): readonly number[] {
  return [sender, receiver].flatMap((host) => allDatasets(host).map(({snapshots}) => snapshots.length))
}

/** What nobody has any more needs no truth. */
function forget({sender, receiver, nature, received}: World): void {
  const known = new Set(
    [sender, receiver].flatMap((host) =>
      allDatasets(host).flatMap(({snapshots, bookmarks, partial}) => [
        ...[...snapshots, ...bookmarks].map(({guid}) => guid),
        ...(partial === undefined ? [] : [partial.toguid, partial.fromguid ?? '']),
      ]),
    ),
  )
  for (const guid of nature.taken.keys()) if (!known.has(guid)) nature.taken.delete(guid)
  for (const guid of received) if (!known.has(guid)) received.delete(guid)
}
