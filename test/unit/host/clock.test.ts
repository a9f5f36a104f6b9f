import {expect, test, vi} from 'vitest'
import {createClock} from '../../../src/lib/host/clock.ts'
import {failureOf} from './helpers.ts'

const DAY_MS = 86_400_000

test('sleeping takes as long as it says', async () => {
  const clock = createClock()
  const before = clock.monotonic()
  await clock.sleep(20, new AbortController().signal)
  expect(clock.monotonic() - before).toBeGreaterThanOrEqual(19)
})

test('a signal ends it with its reason, also one raised before', async () => {
  const stop = new AbortController()
  const sleep = failureOf(createClock().sleep(60_000, stop.signal))
  const reason = new Error('up!')
  stop.abort(reason)
  expect(await sleep).toBe(reason)
  expect(await failureOf(createClock().sleep(60_000, stop.signal))).toBe(reason)
  expect(await failureOf(createClock().sleep(0, stop.signal))).toBe(reason)
})

test('25 days are not cut short by the width of a timer', async () => {
  const stop = new AbortController()
  const timer = vi.spyOn(globalThis, 'setTimeout')
  const sleep = failureOf(createClock().sleep(25 * DAY_MS, stop.signal))
  expect(timer.mock.calls[0]?.[1]).toBe(2 ** 31 - 1)
  timer.mockRestore()
  stop.abort(new Error('enough'))
  await sleep
})
