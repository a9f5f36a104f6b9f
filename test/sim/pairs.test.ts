import {expect, test} from 'vitest'
import {playPairs} from './play-pairs.ts'

/** `SIM_SEED=7 SIM_PAIRS=5000` for other ones and more of them; `npm run pairs` for all. */
const SEED = Number(process.env['SIM_SEED'] ?? 1)
const PAIRS = Number(process.env['SIM_PAIRS'] ?? 300)

test.each(['push', 'pull'] as const)(
  '%s survives pairs of faults',
  async (direction) => {
    const tally = await playPairs(direction, SEED, PAIRS)
    console.log(tally.figures(`${direction}, pairs of seed ${SEED}`))
    expect(await tally.failures()).toBe('')
  },
  600_000,
)
