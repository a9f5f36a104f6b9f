import {describe, expect, test} from 'vitest'
import {deedsOf} from './deeds.ts'
import {describeFailure, playForeign, prepare} from './scenario.ts'

/** Each deed falls before every so many commands, each beginning at another one. `1` is all of them. */
const STEP = Number(process.env['SIM_FOREIGN_STEP'] ?? 8)

describe.each([
  ['push', 'initial', 'root'],
  ['push', 'incremental', 'root'],
  ['pull', 'incremental', 'user'],
] as const)('%s, %s, as %s', (direction, stage, runsAs) => {
  test('what others do between any two commands ends well, or in a conflict that is left alone', async () => {
    const options = {direction, runsAs}
    const baseline = await prepare({options, stage})
    const failures: string[] = []
    for (const [index, deed] of deedsOf(baseline).entries())
      for (let at = index % STEP; at < baseline.trace.length; at += STEP) {
        const fault = {...deed, at}
        const {problems} = await playForeign(baseline, fault)
        if (problems.length > 0) failures.push(describeFailure({options, stage, faults: [fault]}, problems))
      }
    expect(failures.slice(0, 5).join('\n')).toBe('')
  }, 600_000)
})
