import {describe, expect, test} from 'vitest'
import {leftovers, unsent} from './quiescence.ts'
import {run} from './run.ts'
import {createWorld, passAnHour, selectedDatasets} from './world.ts'

const HOUR_MS = 3_600_000

/** Moments at which clocks are known to be wrong, or to jump. */
const TIMES = [
  ['1970, as on a board without a battery', Date.UTC(1970, 0, 1, 0, 0, 30)],
  ['the end of signed 32 bits', Date.UTC(2038, 0, 19, 3, 14, 0)],
  ['the end of unsigned 32 bits', Date.UTC(2106, 1, 7, 6, 28, 0)],
  ['the hour that comes twice in Berlin', Date.UTC(2026, 9, 25, 0, 30, 0)],
  ['the hour that is left out in Berlin', Date.UTC(2026, 2, 29, 0, 30, 0)],
] as const

/** Dates decide what is due and what is old; whatever they say, nothing is lost and everything arrives (F36). */
describe.each(['push', 'pull'] as const)('%s', {timeout: 600_000}, (direction) => {
  test.each(TIMES)('both clocks pass %s', async (_, timeMs) => {
    const world = createWorld({direction, retention: 'years'})
    await run(world)
    for (const host of [world.sender, world.receiver]) host.skewMs = timeMs - world.nature.nowMs
    for (let hour = 0; hour < 3; hour += 1) {
      passAnHour(world, `hour${hour}`)
      const {violations, end} = await run(world)
      expect(violations).toEqual([])
      expect(end).toMatchObject({kind: 'done'})
      expect(unsent(world)).toEqual([])
    }
    world.nature.nowMs += HOUR_MS
    await run(world)
    expect(leftovers(world)).toEqual([])
    expect(selectedDatasets(world)).toHaveLength(3)
  })
})
