import {describe, expect, test} from 'vitest'
import {differences, normalForm} from './normal-form.ts'
import type {WorldOptions} from './options.ts'
import {PROFILES, type ProfileName} from './profile.ts'
import {run} from './run.ts'
import {play, prepare} from './scenario.ts'
import {copyWorld, createWorld} from './world.ts'

const DIRECTIONS = ['push', 'pull'] as const
const VERSIONS = Object.keys(PROFILES) as ProfileName[]

/** The commands that change nothing; `send` and `destroy` with `-n` only tell what they would. */
const LOOKS = /^(prod|backup) (list|get|holds|version|send -n|destroy -n) /

describe.each(DIRECTIONS)('%s without faults', (direction) => {
  test.each(VERSIONS)('on OpenZFS %s everything arrives, then nothing is left to do', async (version) => {
    const options = {direction, sender: version, receiver: version}
    for (const stage of ['initial', 'incremental'] as const) {
      const baseline = await prepare({options, stage})
      expect((await play(baseline, [])).problems).toEqual([])
    }
  })

  test('two worlds of one seed are the same to the last guid', async () => {
    const traces = [1, 1, 2].map(async (seed) => {
      const world = createWorld({direction, seed})
      const {trace} = await run(world)
      return JSON.stringify([
        trace.map(({argv}) => argv),
        world.sender.pools.get('tank')?.datasets.get('tank/data'),
      ])
    })
    const [first, second, other] = await Promise.all(traces)
    expect(second).toBe(first)
    expect(other).not.toBe(first)
  })

  test('a dry run changes nothing, whatever the state of things (I15)', async () => {
    const {start, trace} = await prepare({options: {direction}, stage: 'incremental'})
    for (let at = 0; at < trace.length; at += 5) {
      const world = copyWorld(start)
      await run(world, {faults: [{kind: 'kill', at, when: 'after', whom: 'everybody'}]})
      const before = normalForm(world)
      const {violations, end, trace: looks} = await run(world, {dryRun: true})
      expect(violations).toEqual([])
      // By what was started on either host, not by what the program thinks of its commands.
      const started = looks.map(({process, argv}) => `${process.host.name} ${argv.join(' ')}`)
      expect(started.filter((line) => !LOOKS.test(line))).toEqual([])
      expect(new Set(started.map((line) => line.split(' ')[0]))).toEqual(new Set(['prod', 'backup']))
      expect(end.kind).toBe('done')
      expect(differences(before, normalForm(world))).toBe('')
    }
  })

  test('a copy of a world goes its own way', async () => {
    const options: Partial<WorldOptions> = {direction}
    const world = createWorld(options)
    const before = normalForm(world)
    await run(copyWorld(world))
    expect(normalForm(world)).toBe(before)
  })
})
