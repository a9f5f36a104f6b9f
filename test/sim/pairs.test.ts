import {expect, test} from 'vitest'
import {enumerateFaults} from './enumerate.ts'
import type {Fault} from './fault.ts'
import {isKnownBug} from './known-bugs.ts'
import {createRandom, oneOf} from './random.ts'
import {play, prepare} from './scenario.ts'
import {createTally} from './tally.ts'

/** `SIM_SEED=7 SIM_PAIRS=5000` for other ones and more of them. */
const SEED = Number(process.env['SIM_SEED'] ?? 1)
const PAIRS = Number(process.env['SIM_PAIRS'] ?? 300)

test.each(['push', 'pull'] as const)(
  '%s survives pairs of faults',
  async (direction) => {
    const random = createRandom(SEED)
    const tally = createTally()
    for (const stage of ['initial', 'incremental'] as const) {
      const options = {direction, seed: SEED}
      const baseline = await prepare({options, stage})
      const faults = enumerateFaults(baseline).filter((fault) => !isKnownBug(baseline, fault))
      for (let count = 0; count < PAIRS / 2; count += 1) {
        const pair: readonly Fault[] = [oneOf(random, faults), oneOf(random, faults)]
        tally.add({options, stage, faults: pair}, await play(baseline, pair))
      }
    }
    console.log(tally.figures(`${direction}, pairs of seed ${SEED}`))
    expect(await tally.failures()).toBe('')
  },
  600_000,
)
