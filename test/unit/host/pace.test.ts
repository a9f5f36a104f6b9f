import {expect, test} from 'vitest'
import {createPace} from '../../../src/lib/host/pace.ts'
import {testContext} from './helpers.ts'

/** A clock on which time passes only by sleeping; keeps how long each sleep was. */
function sleepingContext() {
  const ctx = testContext()
  const slept: number[] = []
  let now = 0
  const clock = {
    ...ctx.clock,
    monotonic: () => now,
    sleep: async (ms: number) => {
      slept.push(ms)
      now += ms
    },
  }
  return {
    ctx: {...ctx, clock},
    slept,
    pass: (ms: number) => {
      now += ms
    },
  }
}

test('a bucket that is full lets its content pass at once, and then so much per second', async () => {
  const {ctx, slept, pass} = sleepingContext()
  const pace = createPace({bytesPerSecond: 1000, bucketBytes: 100})
  await pace.take(ctx, 100)
  expect(slept).toEqual([])
  await pace.take(ctx, 50)
  await pace.take(ctx, 100)
  expect(slept).toEqual([50, 100])
  pass(10_000)
  await pace.take(ctx, 100)
  expect(slept).toEqual([50, 100])
  await pace.take(ctx, 1)
  expect(slept).toEqual([50, 100, 1])
})

test('two who take at once wait for both', async () => {
  const {ctx} = sleepingContext()
  const slept: number[] = []
  const still = {...ctx, clock: {...ctx.clock, sleep: async (ms: number) => void slept.push(ms)}}
  const pace = createPace({bytesPerSecond: 1000, bucketBytes: 100})
  await Promise.all([pace.take(still, 150), pace.take(still, 150)])
  expect(slept).toEqual([50, 200])
})

test.each([
  [1_000_000, 1_000_000, 20_000],
  [1_000, 1_000_000, 4096],
  [1e9, 1e9, 1024 * 1024],
  [1e9, 10, 10],
])('%d bytes a second with a bucket of %d go in chunks of %d', (bytesPerSecond, bucketBytes, chunkBytes) => {
  expect(createPace({bytesPerSecond, bucketBytes}).chunkBytes).toBe(chunkBytes)
})
