import {describe, expect, test} from 'vitest'
import {readFailure} from '../../src/lib/zfs/read-stderr.ts'
import type {Fault} from './fault.ts'
import {PROFILES, type ProfileName} from './profile.ts'
import {run} from './run.ts'
import {reasonsOf} from './scenario.ts'
import {createWorld, user} from './world.ts'
import {runCommand} from './zfs.ts'

const VERSIONS = Object.keys(PROFILES) as ProfileName[]
const OLDEST = '0.8.6'
/** Before 2.3.2 nobody is told who is in the way. */
const TELLS_HELD: readonly ProfileName[] = ['2.3.2', '2.3.3', '2.4.4']

/** What each release says where releases differ, and what the program makes of it. A whole cycle on each is in `cycle.test.ts`. */
describe.each(VERSIONS)('OpenZFS %s', (version) => {
  test('a snapshot that is held', () => {
    const {sender} = createWorld({sender: version})
    user(sender, 'hold', 'mine', 'tank/data@first')
    const {stderr, exitCode} = runCommand(sender, ['destroy', 'tank/data@first'])
    expect(exitCode).toBe(1)
    expect([stderr.trim(), readFailure(stderr).kind]).toEqual(
      TELLS_HELD.includes(version)
        ? [
            "cannot destroy snapshot tank/data@first: it's being held. Run 'zfs holds -r tank/data@first' to see holders.",
            'held',
          ]
        : ['cannot destroy snapshot tank/data@first: dataset is busy', 'busy'],
    )
  })

  test('a bookmark of a bookmark', () => {
    const {sender} = createWorld({sender: version})
    user(sender, 'bookmark', 'tank/data@first', 'tank/data#one')
    const {stderr, exitCode} = runCommand(sender, ['bookmark', 'tank/data#one', 'tank/data#two'])
    expect([exitCode, stderr.split('\n')[0]]).toEqual(
      version === OLDEST ? [2, "invalid snapshot name 'tank/data#one': must contain a '@'"] : [0, ''],
    )
  })

  test.each([
    ['cut', {kind: 'die', at: 'send:0', bytes: 1000}, 'incomplete stream'],
    ['damaged', {kind: 'flip', at: 'send:0', byte: 700}, 'checksum mismatch'],
  ] as readonly (readonly [string, Fault, string])[])('a stream that is %s', async (_, fault, told) => {
    const {end, violations} = await run(createWorld({sender: version, receiver: version}), {faults: [fault]})
    expect(violations).toEqual([])
    const words = version === OLDEST ? 'checksum mismatch or incomplete stream' : told
    expect(reasonsOf(end)).toContain(`cannot receive new filesystem stream: ${words};`)
  })
})
