import {expect, test} from 'vitest'
import {type CrashLoop, crashLoop} from './crash-loop.ts'

const LOOPS: readonly CrashLoop[] = [1, 2, 3, 4].flatMap((seed) =>
  (['push', 'pull'] as const).flatMap((direction) =>
    [false, true].map((changing) => ({seed, direction, crashes: 50, changing})),
  ),
)

test.each(LOOPS)(
  '50 kills in a row leave nothing behind: $direction, seed $seed, changing $changing',
  async (loop) => {
    const {problems, killed} = await crashLoop(loop)
    expect(problems).toEqual([])
    expect(killed).toBeGreaterThan(loop.changing ? 25 : 5)
  },
  120_000,
)
