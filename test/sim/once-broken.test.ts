import {describe, expect, test} from 'vitest'
import type {Fault, Place} from './fault.ts'
import {leftovers} from './quiescence.ts'
import {run} from './run.ts'
import {play, playForeign, prepare} from './scenario.ts'
import {heldWith, pairsOf, STEP_TAG} from './view.ts'
import {createWorld, passAnHour, receiverName} from './world.ts'

/** What the simulator has found in worlds of their own, and what is right since: each stays for ever. */
describe('once broken', () => {
  test('a send that exits 0 without a stream does not hang the run (I12)', async () => {
    const baseline = await prepare({options: {direction: 'push'}, stage: 'initial'})
    const {problems} = await play(baseline, [{kind: 'output', at: 'send:0', how: 'empty'}])
    expect(problems).toEqual([])
  })

  test('runs killed between receiving and completing leave at most four step holds (I3)', async () => {
    const world = createWorld({direction: 'push'})
    await run(world)
    for (let hour = 0; hour < 8; hour += 1) {
      passAnHour(world, `hour${hour}`)
      await run(world, {faults: [{kind: 'kill', at: 'bookmark:0', when: 'before', whom: 'owner'}]})
    }
    expect(
      Math.max(...pairsOf(world).map(({sender}) => heldWith(sender, STEP_TAG).length)),
    ).toBeLessThanOrEqual(4)
  })

  test('a pull with two filesystems at once leaves nothing behind (I3)', async () => {
    const left: string[] = []
    for (let seed = 1; seed <= 40; seed += 1) {
      const world = createWorld({direction: 'pull', concurrentSteps: 2, jitter: 6, seed})
      const {violations} = await run(world)
      left.push(...violations.map(({what}) => what), ...leftovers(world))
    }
    expect(left).toEqual([])
  })

  test('a modified copy on the receiver is a conflict that is left alone, not a failure in every run', async () => {
    const baseline = await prepare({options: {direction: 'push'}, stage: 'incremental'})
    const copy = receiverName(baseline.start, 'tank/data/a b')
    const fault: Fault = {kind: 'foreign', at: 0, host: 'backup', argv: ['write', copy]}
    expect((await playForeign(baseline, {faults: [fault]})).problems).toEqual([])
  })

  test('a snapshot with a clone is not tried to be destroyed in every run (I11)', async () => {
    const baseline = await prepare({options: {direction: 'push'}, stage: 'initial'})
    const argv = ['clone', 'tank/data/a b@first', 'tank/other/clone']
    const fault: Fault = {kind: 'foreign', at: 0, host: 'prod', argv}
    expect((await playForeign(baseline, {faults: [fault]})).problems).toEqual([])
  })

  test.each(['push', 'pull'] as const)(
    '%s: a token that is refused each time is given up and the step sent afresh, in the same run',
    async (direction) => {
      const world = createWorld({direction})
      await run(world, {faults: [{kind: 'die', at: 'send:0', bytes: 1500}]})
      const refused = (nth: number): Fault => ({
        kind: 'fail',
        at: `send:${nth}`,
        when: 'instead',
        text: 'refused',
      })
      const {end, violations, trace} = await run(world, {faults: [refused(0), refused(1)]})
      expect(violations).toEqual([])
      expect(end).toMatchObject({kind: 'done', status: 0})
      expect(
        trace.map(({argv}) => argv.join(' ')).filter((words) => words.startsWith('receive -A')),
      ).toHaveLength(1)
      expect(leftovers(world)).toEqual([])
    },
  )

  const TROUBLES: readonly (readonly [string, (at: Place) => Fault])[] = [
    ['the network breaks before the stream', (at) => ({kind: 'cut', at, bytes: 0})],
    ['the network breaks in the first record', (at) => ({kind: 'cut', at, bytes: 100})],
    ['the network breaks behind it', (at) => ({kind: 'cut', at, bytes: 400})],
    ['zfs send is killed', (at) => ({kind: 'die', at, bytes: 0})],
    ['zfs send aborts', (at) => ({kind: 'abort', at, when: 'instead'})],
    ['a key is missing', (at) => ({kind: 'fail', at, when: 'instead', text: 'known'})],
    [
      'zfs send complains of something nobody knows',
      (at) => ({kind: 'fail', at, when: 'instead', text: 'unknown'}),
    ],
    ['the other side is killed', (at) => ({kind: 'kill', at, when: 'before', whom: 'peers'})],
  ]

  describe.each(['push', 'pull'] as const)(
    '%s: what has arrived of a stream is kept, however often',
    (direction) => {
      test.each(TROUBLES)('%s', async (_, trouble) => {
        for (const access of ['cli', 'library'] as const) {
          const world = createWorld({direction, access})
          await run(world, {faults: [{kind: 'die', at: 'send:0', bytes: 1500}]})
          const arrived = () => pairsOf(world).map(({name, receiver}) => [name, receiver?.partial?.nextBlock])
          const before = arrived()
          expect(before[0]).toEqual(['tank/data', 2])
          const {violations} = await run(world, {faults: [0, 1, 2].map((nth) => trouble(`send:${nth}`))})
          expect(violations).toEqual([])
          expect(arrived()[0]).toEqual(before[0])
        }
      })
    },
  )

  test.each(['push', 'pull'] as const)(
    '%s: a receive that has committed before it failed is a success with a warning, in full and as an increment',
    async (direction) => {
      const world = createWorld({direction})
      for (const stage of ['initial', 'incremental']) {
        const faults: Fault[] = [{kind: 'fail', at: 'receive:0', when: 'after', text: 'unknown'}]
        const {end, violations} = await run(world, {faults})
        expect(violations, stage).toEqual([])
        expect(end, stage).toMatchObject({kind: 'done', status: 0})
        const [first, ...others] = end.kind === 'done' ? (end.outcome.replicate?.filesystems ?? []) : []
        expect(first, stage).toMatchObject({
          state: 'done',
          warnings: [
            expect.stringMatching(/^received, but zfs receive said: .*a complaint nobody has ever seen/),
          ],
        })
        expect(
          others.flatMap(({warnings}) => warnings),
          stage,
        ).toEqual([])
        expect(leftovers(world), stage).toEqual([])
        passAnHour(world, stage)
      }
    },
  )
})
