import {describe, expect, test} from 'vitest'
import type {RunContext} from '../../../src/lib/core/context.ts'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {Receiver} from '../../../src/lib/endpoint/receiver.ts'
import type {Sender} from '../../../src/lib/endpoint/sender.ts'
import type {Step} from '../../../src/lib/plan/step.ts'
import {createBoard} from '../../../src/lib/progress/board.ts'
import {createFinishing} from '../../../src/lib/replicate/finishing.ts'
import type {Outcome} from '../../../src/lib/zfs/client.ts'
import {parseCreatetxg, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {createTestContext} from '../test-context.ts'

const DONE: Outcome = {kind: 'done'}

function step(name: string): Step {
  const filesystem = parseDatasetName(`tank/${name}`)
  const to = {
    kind: 'snapshot' as const,
    filesystem,
    name: 'to',
    guid: parseGuid('2'),
    createtxg: parseCreatetxg('2'),
    creation: 0,
    userrefs: 0,
  }
  return {
    filesystem,
    type: 'filesystem',
    raw: false,
    from: {...to, name: 'from', guid: parseGuid('1')},
    to,
    protection: 'guarantee_resumability',
    resumeToken: undefined,
  } as Step
}

/** What is asked, in order; `answer` says what becomes of each filesystem. */
function finishing(answer: (verb: string, filesystem: string) => Outcome = () => DONE) {
  const asked: string[] = []
  const board = createBoard({monotonic: () => asked.length})
  const ask = (verb: string) => async (_: RunContext, requests: readonly {readonly filesystem: string}[]) => {
    asked.push(`${verb} ${requests.map(({filesystem}) => filesystem.slice('tank/'.length)).join(' ')}`)
    return requests.map(({filesystem}) => answer(verb, filesystem.slice('tank/'.length)))
  }
  const pair = {
    receiver: {holdLastReceived: ask('hold')} as unknown as Receiver,
    sender: {complete: ask('complete')} as unknown as Sender,
    board,
  }
  return {asked, board, ...createFinishing(pair)}
}

/** A context whose clock stands still until it is told the time. */
function stillContext() {
  let now = 0
  const ctx = createTestContext()
  return {
    ctx: {...ctx, clock: {...ctx.clock, monotonic: () => now}},
    setTime: (ms: number) => {
      now = ms
    },
  }
}

describe('steps are finished together', () => {
  test('all of them by one request to each side, the receiver first', async () => {
    const {ctx} = stillContext()
    const {asked, board, add, finishAll} = finishing()
    for (const name of ['a', 'b', 'c']) await add(ctx, step(name))
    expect(asked).toEqual([])
    await finishAll(ctx)
    expect(asked).toEqual(['hold a b c', 'complete a b c'])
    expect(board.state()).toMatchObject({progressAtMs: 2, error: undefined})
    await finishAll(ctx)
    expect(asked).toHaveLength(2)
  })

  test('when the first of them has waited for half a minute', async () => {
    const {ctx, setTime} = stillContext()
    const {asked, add} = finishing()
    await add(ctx, step('a'))
    setTime(29_999)
    await add(ctx, step('b'))
    expect(asked).toEqual([])
    setTime(30_000)
    await add(ctx, step('c'))
    expect(asked).toEqual(['hold a b c', 'complete a b c'])
    await add(ctx, step('d'))
    expect(asked).toHaveLength(2)
  })

  test('when they are two hundred', async () => {
    const {ctx} = stillContext()
    const {asked, add} = finishing()
    for (let index = 0; index < 200; index += 1) await add(ctx, step(`f${index}`))
    expect(asked.map((one) => one.split(' ').length - 1)).toEqual([200, 200])
  })
})

test('what the receiver does not confirm is not completed on the sender', async () => {
  const {ctx} = stillContext()
  const gone: Outcome = {kind: 'failed', failure: {kind: 'unknown', message: 'not there'}}
  const {asked, add, finishAll, failure} = finishing((verb, name) =>
    verb === 'hold' && name === 'b' ? gone : DONE,
  )
  const steps = ['a', 'b'].map(step)
  for (const one of steps) await add(ctx, one)
  await finishAll(ctx)
  expect(asked).toEqual(['hold a b', 'complete a'])
  expect(steps.map((one) => failure(one)?.code)).toEqual([undefined, 'receive-not-confirmed'])
})

test('a receiver that cannot be asked fails all of them, and nothing is completed', async () => {
  const {ctx} = stillContext()
  const {asked, board, add, finishAll, failure} = finishing(() => {
    throw new OperationalError('peer-unreachable', 'gone')
  })
  const steps = ['a', 'b'].map(step)
  for (const one of steps) await add(ctx, one)
  await finishAll(ctx)
  expect(asked).toEqual(['hold a b'])
  expect(steps.map((one) => failure(one)?.code)).toEqual(['peer-unreachable', 'peer-unreachable'])
  expect(board.state()).toMatchObject({progressAtMs: 0, error: 'gone'})
})

test('what stops the run stops this too', async () => {
  const {ctx} = stillContext()
  const stopped = new Stopped('enough')
  const {add, finishAll} = finishing(() => {
    throw stopped
  })
  await add(ctx, step('a'))
  await expect(finishAll(ctx)).rejects.toBe(stopped)
})
