import {describe, expect, test} from 'vitest'
import type {Fault} from './fault.ts'
import {leftovers, unsent} from './quiescence.ts'
import {run} from './run.ts'
import {prepare} from './scenario.ts'
import {together} from './together.ts'
import {copyWorld, type World} from './world.ts'

/** Each place falls on every so many commands. `1` is all of them. */
const STEP = Number(process.env['SIM_FOREIGN_STEP'] ?? 4)

async function converges(world: World): Promise<readonly string[]> {
  const problems: string[] = []
  let status: unknown
  for (const _ of ['the first quiet run', 'the second']) {
    world.nature.nowMs += 60_000
    const {violations, end} = await run(world)
    problems.push(...violations.map(({invariant, what}) => `${invariant}: ${what}`))
    status = end.kind === 'done' ? end.status : end.kind
  }
  return [
    ...problems,
    ...(status === 0 ? [] : [`ends with ${status}`]),
    ...unsent(world),
    ...leftovers(world),
  ]
}

describe.each(['push', 'pull'] as const)('%s', {timeout: 600_000}, (direction) => {
  test.each(['prod', 'backup'])('the pool of %s may be exported between any two commands', async (name) => {
    const {start, trace} = await prepare({options: {direction}, stage: 'incremental'})
    const [pool, other] = name === 'prod' ? ['tank', 'vault'] : ['vault', 'tank']
    for (let at = 0; at < trace.length; at += STEP) {
      // A pool with a running stream cannot be exported.
      if (trace[at]?.stream !== undefined || trace[at - 1]?.stream === 'out') continue
      const world = copyWorld(start)
      const host = name === 'prod' ? world.sender : world.receiver
      const exported = host.pools.get(pool)
      const argv = ['export', pool]
      const {violations} = await run(world, {faults: [{kind: 'foreign', at, host: name, argv}]})
      expect([at, violations]).toEqual([at, []])
      // Nothing is made where the pool was.
      expect(Array.from(host.pools.keys())).not.toContain(pool)
      expect(Array.from(host.pools.keys())).not.toContain(other)
      if (exported !== undefined) host.pools.set(pool, exported)
      expect([at, await converges(world)]).toEqual([at, []])
    }
  })

  test('pools may be suspended at any command: everything after that hangs, and the run ends all the same', async () => {
    const {start, trace} = await prepare({options: {direction}, stage: 'incremental'})
    for (let at = 0; at < trace.length; at += STEP) {
      const world = copyWorld(start)
      const faults = Array.from({length: 200}, (_, more): Fault => ({kind: 'hang', at: at + more}))
      const {runs, violations} = await together(world, [{kind: 'start', when: {afterMs: 0}, faults}])
      expect([at, violations]).toEqual([at, []])
      expect([at, runs[0]?.end?.status]).not.toEqual([at, 0])
      expect(runs[0]?.endedAtMs).toBeLessThan(6 * 3_600_000)
      expect([at, await converges(world)]).toEqual([at, []])
    }
  })
})
