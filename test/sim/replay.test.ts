import {describe, expect, test} from 'vitest'
import {normalForm} from './normal-form.ts'
import {leftovers, unsent} from './quiescence.ts'
import {run} from './run.ts'
import {prepare} from './scenario.ts'
import {copyWorld} from './world.ts'

/** A reply that is lost may make somebody ask again: what was asked for twice has to come to what once comes to (I16). */
describe.each(['push', 'pull'] as const)('%s', {timeout: 600_000}, (direction) => {
  test.each(['cli', 'library'] as const)(
    'every request that comes twice leaves what it leaves when it comes once, %s',
    async (access) => {
      for (const stage of ['initial', 'incremental'] as const) {
        const {start, expected} = await prepare({options: {direction, access}, stage})
        const verbs: string[] = []
        const once = copyWorld(start)
        await run(once, {replays: {isReplayed: () => false, onRequest: (verb) => verbs.push(verb)}})
        const some = Array.from(verbs.keys(), (nth) => (index: number) => index === nth)
        for (const isReplayed of [() => true, ...some]) {
          const world = copyWorld(start)
          const {end, violations} = await run(world, {replays: {isReplayed, onRequest: () => {}}})
          expect(violations).toEqual([])
          expect(end).toMatchObject({kind: 'done', status: 0})
          expect(normalForm(world)).toBe(expected[0])
          expect([...unsent(world), ...leftovers(world)]).toEqual([])
        }
        const asked = direction === 'push' ? [] : ['protect', 'complete']
        const later = direction === 'push' ? ['holdLastReceived', 'destroySnapshots'] : ['destroySnapshots']
        expect(verbs).toEqual(expect.arrayContaining(stage === 'initial' ? asked : [...asked, ...later]))
      }
    },
  )

  test('a partial receive that is to be given up twice is given up', async () => {
    const {start} = await prepare({options: {direction: 'push'}, stage: 'incremental'})
    const world = copyWorld(start)
    await run(world, {faults: [{kind: 'die', at: 'send:0', bytes: 1500}]})
    const verbs: string[] = []
    const refused = [0, 1].map(
      (nth) => ({kind: 'fail', at: `send:${nth}`, when: 'instead', text: 'refused'}) as const,
    )
    const replays = {isReplayed: () => true, onRequest: (verb: string) => verbs.push(verb)}
    const {end, violations} = await run(world, {faults: refused, replays})
    expect(violations).toEqual([])
    expect(verbs).toContain('abortPartial')
    expect(end).toMatchObject({kind: 'done', status: 0})
    expect([...unsent(world), ...leftovers(world)]).toEqual([])
  })
})
