import {describe, expect, test} from 'vitest'
import type {Fault} from './fault.ts'
import {leftovers, unsent} from './quiescence.ts'
import {run} from './run.ts'
import {prepare} from './scenario.ts'
import {type Happening, type Together, together} from './together.ts'
import {copyWorld, type World} from './world.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const DIRECTIONS = ['push', 'pull'] as const

async function worldOf(direction: 'push' | 'pull', stage: 'initial' | 'incremental' = 'incremental') {
  return await prepare({options: {direction}, stage})
}

/** What each start came to: its exit status, or `killed`. */
function statuses({runs}: Together): readonly (number | 'killed')[] {
  return runs.map(({end}) => end?.status ?? 'killed')
}

/** What is wrong after everything has ended and one run has followed that nobody disturbs. */
async function afterwards(world: World): Promise<readonly string[]> {
  world.nature.nowMs += MINUTE
  const {violations, end} = await run(world)
  const status = end.kind === 'done' ? end.status : end.kind
  return [
    ...violations.map(({what}) => what),
    ...(status === 0 ? [] : [`the run afterwards ends with ${status}`]),
    ...unsent(world),
    ...leftovers(world),
  ]
}

describe.each(DIRECTIONS)('%s', {timeout: 600_000}, (direction) => {
  test('a second start, wherever the first one is, does nothing and says that another works', async () => {
    const {start, trace} = await worldOf(direction)
    for (let command = 0; command < trace.length; command += 1) {
      const world = copyWorld(start)
      const done = await together(world, [
        {kind: 'start', when: {afterMs: 0}},
        {kind: 'start', when: {run: 0, command}},
      ])
      expect([command, statuses(done), done.violations]).toEqual([command, [0, 5], []])
      expect(done.runs[1]?.trace).toEqual([])
      expect(done.runs[1]?.end?.outcome.error?.message).toMatch(
        /^job is already running \(pid 4000\): in phase [a-z-]+, progress \d+ms ago$/,
      )
      expect([command, leftovers(world)]).toEqual([command, []])
    }
  })

  test('a run that begins where another is killed never works beside what that has started', async () => {
    const {start, trace} = await worldOf(direction)
    for (const {index: command, process, stream} of trace) {
      // They end with their process.
      if (stream !== undefined) continue
      const world = copyWorld(start)
      const done = await together(world, [
        {kind: 'start', when: {afterMs: 0}, faults: [{kind: 'delay', at: command, ms: 5 * SECOND}]},
        {kind: 'kill', when: {afterMs: SECOND}, victim: 0},
        {kind: 'start', when: {afterMs: SECOND}},
        {kind: 'start', when: {afterMs: MINUTE}},
      ])
      const stays = process.label === 'active'
      expect([command, done.violations]).toEqual([command, []])
      expect([command, statuses(done)]).toEqual([command, ['killed', stays ? 5 : 0, 0]])
      if (stays)
        expect(done.runs[1]?.end?.outcome.error?.message).toBe(
          'job is already running (pid 4000): what it has started outlives it',
        )
      expect([command, await afterwards(world)]).toEqual([command, []])
    }
  })

  test('a run that goes from error to error gives way, however often it tries', async () => {
    const children = Array.from({length: 12}, (_, index) => [`fs${index}`, 'filesystem'] as const)
    const {start} = await prepare({options: {direction, children}, stage: 'incremental'})
    const world = copyWorld(start)
    // Each one after 20 s, for four minutes.
    const faults = Array.from({length: 13}, (_, nth): readonly Fault[] => [
      {kind: 'delay', at: `send:${nth}`, ms: 20 * SECOND},
      {kind: 'die', at: `send:${nth}`, bytes: 1},
    ]).flat()
    const done = await together(world, [
      {kind: 'start', when: {afterMs: 0}, faults},
      {kind: 'start', when: {afterMs: 25 * SECOND}},
      {kind: 'start', when: {afterMs: 2 * MINUTE}},
    ])
    expect(done.violations).toEqual([])
    expect(statuses(done)).toEqual([6, 5, 0])
    expect(done.runs[0]?.end?.outcome.error?.message).toMatch(
      /^cancelled by the next run of the job: in phase replicate, in an error state for 2m: /,
    )
    expect(await afterwards(world)).toEqual([])
  })

  test('a clock that is put right makes nobody look stuck', async () => {
    const {start} = await worldOf(direction)
    for (const skewMs of [24 * HOUR, -24 * HOUR, -50 * 365 * 24 * HOUR]) {
      const world = copyWorld(start)
      const done = await together(world, [
        {kind: 'start', when: {afterMs: 0}, faults: [{kind: 'slow', at: 'send:0', ms: MINUTE}]},
        {kind: 'clock', when: {afterMs: MINUTE}, skewMs},
        {kind: 'start', when: {afterMs: MINUTE}},
        {kind: 'start', when: {afterMs: 2 * MINUTE}},
      ])
      expect([skewMs, statuses(done).slice(1), done.violations]).toEqual([skewMs, [5, 5], []])
    }
  })

  test('pruning here is left alone; on the other host it gives way when it is stuck', async () => {
    const {start, trace} = await worldOf(direction)
    const [here, there] = ['active', 'passive 1'].map((label) =>
      trace.find(({argv, process}) => argv[0] === 'program' && process.label === label),
    )
    for (const {at, ends} of [
      {at: here?.index ?? 0, ends: [0, 5]},
      {at: there?.index ?? 0, ends: [6, 0]},
    ]) {
      const world = copyWorld(start)
      const done = await together(world, [
        {kind: 'start', when: {afterMs: 0}, faults: [{kind: 'delay', at, ms: 40 * MINUTE}]},
        {kind: 'start', when: {afterMs: 20 * MINUTE}},
      ])
      expect([at, done.violations, statuses(done)]).toEqual([at, [], ends])
      expect(await afterwards(world)).toEqual([])
    }
  })

  test.each(['receive', 'send'])('a %s that stands still is stopped by the watchdog', async (verb) => {
    const {start} = await worldOf(direction)
    const world = copyWorld(start)
    const done = await together(world, [
      {kind: 'start', when: {afterMs: 0}, faults: [{kind: 'hang', at: `${verb}:0`}]},
    ])
    expect(done.violations).toEqual([])
    expect(statuses(done)).toEqual([6])
    const [first] = done.runs
    expect(first?.end?.outcome.replicate?.filesystems[0]?.error).toMatchObject({
      code: 'stalled',
      message: expect.stringMatching(/^no progress for 15m, after /),
    })
    expect(first?.endedAtMs).toBeLessThan(16 * MINUTE)
    expect(await afterwards(world)).toEqual([])
  })

  test('a stream that is slow but moves is left alone for hours, also by those that start meanwhile', async () => {
    const {start} = await worldOf(direction)
    const world = copyWorld(start)
    const later = [1, 20, 47, 65].map(
      (minutes): Happening => ({kind: 'start', when: {afterMs: minutes * MINUTE}}),
    )
    const done = await together(world, [
      {kind: 'start', when: {afterMs: 0}, faults: [{kind: 'slow', at: 'send:0', ms: 14 * MINUTE}]},
      ...later,
    ])
    expect(done.violations).toEqual([])
    expect(statuses(done)).toEqual([0, 5, 5, 5, 5])
    expect(done.runs[0]?.endedAtMs).toBeGreaterThan(HOUR)
    expect(await afterwards(world)).toEqual([])
  })

  test('one that moves too little to be sure of is stopped', async () => {
    const {start} = await worldOf(direction)
    const world = copyWorld(start)
    const faults: readonly Fault[] = [{kind: 'slow', at: 'send:0', ms: 16 * MINUTE}]
    const done = await together(world, [{kind: 'start', when: {afterMs: 0}, faults}])
    expect(statuses(done)).toEqual([6])
    expect(await afterwards(world)).toEqual([])
  })

  test('a run that is stuck gives way to the next, to one of those that come, and says why', async () => {
    const {start} = await worldOf(direction)
    const world = copyWorld(start)
    const comes = (afterMs: number): Happening => ({kind: 'start', when: {afterMs}})
    const done = await together(world, [
      {kind: 'start', when: {afterMs: 0}, idleMs: HOUR, faults: [{kind: 'hang', at: 'receive:0'}]},
      comes(14 * MINUTE),
      comes(16 * MINUTE),
      comes(16 * MINUTE),
      comes(16 * MINUTE),
    ])
    expect(done.violations).toEqual([])
    expect(statuses(done)).toEqual([6, 5, 0, 5, 5])
    const messages = done.runs.map(({end}) => end?.outcome.error?.message)
    expect(messages[0]).toMatch(
      /^cancelled by the next run of the job: in phase replicate, no progress for 15m\d+s$/,
    )
    expect(messages[3]).toMatch(/no progress for 15m\d+s; another run already takes its place$/)
    expect(unsent(world)).toEqual([])
    expect(await afterwards(world)).toEqual([])
  })
})
