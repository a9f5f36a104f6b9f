import {expect, test} from 'vitest'
import {describeInterruption, interruptionsOf} from './interruptions.ts'
import {problemsOfPhases} from './phases.ts'
import {playForeign, prepare} from './scenario.ts'

test.each(['push', 'pull'] as const)(
  '%s: what others do behind a stream that broke off ends well, or in a conflict that is left alone',
  async (direction) => {
    const place = {options: {direction}, stage: 'incremental'} as const
    const baseline = await prepare(place)
    const failures: string[] = []
    for (const interruption of interruptionsOf(baseline)) {
      const {problems} = await playForeign(baseline, interruption)
      if (problems.length > 0) failures.push(describeInterruption(place, interruption, problems))
    }
    expect(failures.slice(0, 5).join('\n')).toBe('')
  },
  600_000,
)

test.each(['push', 'pull'] as const)(
  '%s: each phase by itself keeps everything that must be',
  async (direction) => {
    expect(await problemsOfPhases(direction)).toEqual([])
  },
)
