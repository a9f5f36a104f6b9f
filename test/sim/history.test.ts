import {expect, test} from 'vitest'
import {history} from './history.ts'

/** `SIM_SEED=7 SIM_DAYS=100000` for other years and more of them. */
const SEED = Number(process.env['SIM_SEED'] ?? 1)
const DAYS = Number(process.env['SIM_DAYS'] ?? 120)

test.each(['push', 'pull'] as const)(
  '%s for years: clocks change, machines are off, runs fail, and nothing is lost or grows',
  async (direction) => {
    const {problems, days, runs, disturbed, clockJumps, mostSnapshots} = await history({
      seed: SEED,
      direction,
      days: DAYS,
    })
    console.log(
      `${direction}, seed ${SEED}: ${days} virtual days, ${runs} runs, ${disturbed} of them disturbed, ${clockJumps} changes of clock, at most ${mostSnapshots} snapshots`,
    )
    expect(problems).toEqual([])
    expect(days).toBeGreaterThanOrEqual(DAYS)
    expect(disturbed).toBeGreaterThan(runs / 12)
    expect(mostSnapshots).toBeGreaterThan(15)
  },
  3_600_000,
)
