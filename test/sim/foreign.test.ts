import {describe, expect, test} from 'vitest'
import {deedsOf} from './deeds.ts'
import {findSnapshot} from './pool.ts'
import {run} from './run.ts'
import {describeFailure, playForeign, prepare} from './scenario.ts'
import {copyWorld} from './world.ts'

/** Each deed falls before every so many commands, each beginning at another one. `1` is all of them. */
const STEP = Number(process.env['SIM_FOREIGN_STEP'] ?? 8)

/** As a user the program is refused, and all is listed once more before it is destroyed by name. */
describe.each(['root', 'user'] as const)('as %s', (runsAs) => {
  test('what another one has the name of, right before it is destroyed, is left alone', async () => {
    const {start} = await prepare({options: {runsAs}, stage: 'incremental'})
    const name = 'tank/data/a b@second'
    const before = findSnapshot(start.sender, name)?.guid
    const world = copyWorld(start)
    const deed = {kind: 'foreign', at: 'program:0', host: world.sender.name, argv: ['replace', name]} as const
    const {violations, trace} = await run(world, {faults: [deed]})
    expect(violations).toEqual([])
    expect(trace.find(({argv}) => argv[0] === 'program')?.argv).toContain(name)
    expect(findSnapshot(world.sender, name)?.guid).toEqual(expect.stringMatching(/^\d+$/))
    expect(findSnapshot(world.sender, name)?.guid).not.toBe(before)
    expect(findSnapshot(world.sender, 'tank/data@second')).toBeUndefined()
  })
})

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
        const {problems} = await playForeign(baseline, {faults: [fault]})
        if (problems.length > 0) failures.push(describeFailure({options, stage, faults: [fault]}, problems))
      }
    expect(failures.slice(0, 5).join('\n')).toBe('')
  }, 600_000)
})
