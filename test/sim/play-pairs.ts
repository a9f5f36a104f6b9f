import {enumerateFaults} from './enumerate.ts'
import type {Fault} from './fault.ts'
import {STAGES} from './play-all.ts'
import {createRandom, oneOf} from './random.ts'
import {type Baseline, play, prepare} from './scenario.ts'
import {createTally, type Tally} from './tally.ts'

/** Plays `count` pairs of faults, drawn by `seed`, half of them in a first run. */
export async function playPairs(direction: 'push' | 'pull', seed: number, count: number): Promise<Tally> {
  const random = createRandom(seed)
  const tally = createTally()
  const options = {direction, seed}
  for (const stage of STAGES) {
    const baseline = await prepare({options, stage})
    const faults = enumerateFaults(baseline)
    for (let played = 0; played < count / 2; played += 1) {
      const pair: readonly Fault[] = [oneOf(random, faults), oneOf(random, faults)]
      tally.add({options, stage, faults: pair}, await play(baseline, pair))
    }
  }
  return tally
}

/** All pairs of different faults of a run, the one that comes first in it in front. */
export function* allPairs(baseline: Baseline): Generator<readonly [Fault, Fault]> {
  const faults = enumerateFaults(baseline)
  for (const [index, first] of faults.entries())
    for (const second of faults.slice(index + 1)) yield [first, second]
}
