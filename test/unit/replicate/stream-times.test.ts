import {expect, test} from 'vitest'
import type {NonEmpty} from '../../../src/lib/core/assert.ts'
import {chainSteps} from '../../../src/lib/plan/step.ts'
import {createBoard} from '../../../src/lib/progress/board.ts'
import {stepFailed} from '../../../src/lib/progress/run-state.ts'
import {createStreamTimes} from '../../../src/lib/replicate/stream-times.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import type {Snapshot} from '../../../src/lib/zfs/version.ts'
import {snapshots} from '../../versions.ts'
import {policy} from '../plan/views.ts'
import {createTestContext} from '../test-context.ts'

const filesystem = parseDatasetName('tank/a')
const context = {filesystem, type: 'filesystem', raw: false, policy: policy()} as const

test('which stream is under way, and how long each took; that the next begins is progress, that the first does is none', () => {
  let now = 100
  const ctx = createTestContext()
  const board = createBoard({monotonic: () => now})
  const [from, ...to] = snapshots('@a,1 @b,2 @c,3')
  const series = chainSteps(context, from, to as unknown as NonEmpty<Snapshot>)
  const times = createStreamTimes({...ctx, clock: {...ctx.clock, monotonic: () => now}}, board, series)
  const step = () => board.state().streams.get(filesystem)?.step

  board.change(stepFailed(parseDatasetName('tank/b'), 'another filesystem'))
  now = 200
  times.began(0)
  expect(step()).toBe('@a -> @b (1 of 2)')
  expect(board.state()).toMatchObject({progressAtMs: 100, error: 'another filesystem'})

  now = 350
  times.began(1)
  expect(step()).toBe('@b -> @c (2 of 2)')
  expect(board.state()).toMatchObject({progressAtMs: 350, error: undefined})

  now = 400
  times.ended()
  expect(step()).toBe(undefined)
  now = 999
  expect([times.count(), times.durationMs(0), times.durationMs(1)]).toEqual([2, 150, 50])
})
