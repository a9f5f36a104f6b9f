import {crashLoop} from '../sim/crash-loop.ts'
import {history} from '../sim/history.ts'
import {playAll, STAGES} from '../sim/play-all.ts'
import {playPairs} from '../sim/play-pairs.ts'
import type {Counts} from '../sim/tally.ts'
import {VARIANTS} from '../sim/variants.ts'
import type {Figure} from './evidence.ts'

const DIRECTIONS = ['push', 'pull'] as const
const SEEDS = [1, 2, 3, 4]
const PAIRS = 1000
const DAYS = 1000

/** All single faults of the usual world, every seventh of the others, and how fast they were played. */
export async function measureSingleFaults(): Promise<readonly Figure[]> {
  const all: Counts[] = []
  let existing = 0
  for (const direction of DIRECTIONS)
    for (const stage of STAGES) {
      const played = await playAll({direction}, stage, 1)
      existing += played.existing
      all.push(played.counts())
    }
  const elsewhere: Counts[] = []
  for (const {options} of VARIANTS)
    for (const stage of STAGES)
      elsewhere.push((await playAll({direction: 'push', ...options}, stage, 7)).counts())
  const [single, others] = [sumOf(all), sumOf(elsewhere)]
  const both = sumOf([...all, ...elsewhere])
  return [
    {
      what: 'Single faults, both sides of the wire, push and pull, first run and later one: played / existing / failed',
      figure: `${single.played} / ${existing} / ${single.failed}`,
      command: 'npm test -- sim faults',
      ok: single.failed === 0 && single.played === existing,
    },
    {
      what: `Faults in ${VARIANTS.length} other worlds: played / failed`,
      figure: `${others.played} / ${others.failed}`,
      command: 'npm test -- sim faults-elsewhere',
      ok: others.failed === 0,
    },
    {
      what: 'Whole runs of the program, with all invariants checked after every command: runs / per second of processor time / per second',
      figure: `${both.runs} / ${Math.round(both.runs / both.cpuSeconds)} / ${Math.round(both.runs / both.seconds)}`,
      command: 'npm run evidence -- faults',
      ok: true,
    },
  ]
}

/** Pairs of faults of several seeds. */
export async function measurePairs(): Promise<readonly Figure[]> {
  const counts: Counts[] = []
  for (const direction of DIRECTIONS)
    for (const seed of SEEDS) counts.push((await playPairs(direction, seed, PAIRS / 2)).counts())
  const {played, failed} = sumOf(counts)
  return [
    {
      what: `Pairs of faults of seeds ${SEEDS.join(', ')}: played / failed (all pairs: \`npm run pairs\`)`,
      figure: `${played} / ${failed}`,
      command: 'npm run evidence -- pairs',
      ok: failed === 0,
    },
  ]
}

/** Years of a job, and runs killed again and again. */
export async function measureHistories(): Promise<readonly Figure[]> {
  let [days, runs, disturbed, problems] = [0, 0, 0, 0]
  for (const direction of DIRECTIONS) {
    const done = await history({seed: 1, direction, days: DAYS})
    days += done.days
    runs += done.runs
    disturbed += done.disturbed
    problems += done.problems.length
  }
  let [crashes, left] = [0, 0]
  for (const direction of DIRECTIONS)
    for (const seed of SEEDS)
      for (const changing of [false, true]) {
        const end = await crashLoop({seed, direction, crashes: 50, changing})
        crashes += end.killed
        left += end.problems.length
      }
  return [
    {
      what: 'Virtual days of a job with users, wrong clocks and faults: days / runs / of them disturbed / problems',
      figure: `${days} / ${runs} / ${disturbed} / ${problems}`,
      command: `SIM_DAYS=${DAYS} npm test -- sim history`,
      ok: problems === 0,
    },
    {
      what: `Loops of 50 kills in a row, then two quiet runs: loops / runs killed / problems or leftovers`,
      figure: `${DIRECTIONS.length * SEEDS.length * 2} / ${crashes} / ${left}`,
      command: 'npm test -- sim crash-loop',
      ok: left === 0,
    },
  ]
}

function sumOf(counts: readonly Counts[]): Counts {
  const sum = (key: keyof Counts) => counts.reduce((total, one) => total + one[key], 0)
  return {
    played: sum('played'),
    runs: sum('runs'),
    failed: sum('failed'),
    cpuSeconds: sum('cpuSeconds'),
    seconds: sum('seconds'),
  }
}
