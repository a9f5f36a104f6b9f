import {writeSync} from 'node:fs'
import {expect, test} from 'vitest'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {createThrottle, createTokenBucket} from '../../../src/lib/host/throttle.ts'
import {codeOf, failureOf, fastClock, testContext} from './helpers.ts'

const NEVER = new AbortController().signal
const FAST = {bytesPerSecond: 1e9, bucketBytes: 1000}

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
  const take = createTokenBucket({bytesPerSecond: 1000, bucketBytes: 100})
  await take(ctx, 100)
  expect(slept).toEqual([])
  await take(ctx, 50)
  await take(ctx, 100)
  expect(slept).toEqual([50, 100])
  pass(10_000)
  await take(ctx, 100)
  expect(slept).toEqual([50, 100])
  await take(ctx, 1)
  expect(slept).toEqual([50, 100, 1])
})

test('two who take at once wait for both', async () => {
  const {ctx} = sleepingContext()
  const slept: number[] = []
  const still = {...ctx, clock: {...ctx.clock, sleep: async (ms: number) => void slept.push(ms)}}
  const take = createTokenBucket({bytesPerSecond: 1000, bucketBytes: 100})
  await Promise.all([take(still, 150), take(still, 150)])
  expect(slept).toEqual([50, 200])
})

test('a stream arrives as it was written, and nothing behind it is lost or added', async () => {
  const {reader, writer} = createPipe()
  const stream = new Uint8Array(300_000).map((_, index) => index % 251)
  const arrived = reader.read(stream.length + 4, NEVER)
  const throttle = createThrottle(FAST)
  const result = await throttle(testContext(), writer.stream, async ({fd}) => {
    for (let at = 0; at < stream.length; at += 4096) {
      writeSync(fd, stream, at, Math.min(4096, stream.length - at))
      await new Promise((resolve) => setImmediate(resolve))
    }
    return 'written'
  })
  expect(result).toBe('written')
  await writer.write(Buffer.from('next'), NEVER)
  expect(Buffer.from((await arrived) ?? []).equals(Buffer.concat([stream, Buffer.from('next')]))).toBe(true)
  writer.close()
  reader.close()
})

test('when nobody reads any more the writer is told, and it is not taken for a success', async () => {
  const {reader, writer} = createPipe()
  reader.close()
  const throttled = createThrottle(FAST)(testContext(), writer.stream, async ({fd}) => {
    let told = ''
    while (told === '') {
      try {
        writeSync(fd, new Uint8Array(4096))
      } catch (error) {
        told = (error as NodeJS.ErrnoException).code ?? 'error'
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(told).toBe('EPIPE')
    return 'done'
  })
  expect(await codeOf(throttled)).toBe('peer-unreachable')
  writer.close()
})

test('what stops the run stops the waiting', async () => {
  const ctx = testContext()
  const {reader, writer} = createPipe()
  const reason = new Stopped('enough')
  const throttled = createThrottle({bytesPerSecond: 1, bucketBytes: 10})(ctx, writer.stream, async ({fd}) => {
    writeSync(fd, new Uint8Array(100))
  })
  await reader.read(10, NEVER)
  ctx.stop(reason)
  expect(await failureOf(throttled)).toBe(reason)
  writer.close()
  reader.close()
})

test('what the writer fails with is the reason, and what it has not written is not waited for', async () => {
  const {reader, writer} = createPipe()
  const failed = new OperationalError('deadline', 'late')
  const throttled = createThrottle({bytesPerSecond: 1, bucketBytes: 10})(
    testContext(fastClock()),
    writer.stream,
    async () => {
      throw failed
    },
  )
  expect(await failureOf(throttled)).toBe(failed)
  writer.close()
  reader.close()
})
