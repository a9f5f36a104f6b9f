import {expect, test} from 'vitest'
import type {HearsOfLoss} from '../../../src/lib/core/log-sink.ts'
import {createSyslog} from '../../../src/lib/host/syslog.ts'
import {listenForDatagrams} from './datagram-listener.ts'
import {temporaryDirectory} from './helpers.ts'

/** Noon on the second of January, wherever this runs. */
const NOON = new Date(2026, 0, 2, 12, 4, 5).getTime()

function createTestClock() {
  const clock = {ms: 0, now: () => NOON + clock.ms, monotonic: () => clock.ms}
  return clock
}

test('lines have the form of RFC 3164, with facility and severity', () => {
  using directory = temporaryDirectory()
  const socket = `${directory.path}/log`
  using listener = listenForDatagrams(socket)
  const syslog = createSyslog(createTestClock(), {facility: 'local3', retryMs: 1000, socket}, () => {})
  syslog.write('it began', 'info')
  syslog.write('it broke', 'error')
  const head = `Jan  2 12:04:05 zrepl[${process.pid}]`
  expect(listener.next()).toBe(`<${19 * 8 + 6}>${head}: it began`)
  expect(listener.next()).toBe(`<${19 * 8 + 3}>${head}: it broke`)
})

test('a syslog that is not there is told once, tried again after a while, and what was lost is counted', async () => {
  using directory = temporaryDirectory()
  const socket = `${directory.path}/log`
  const clock = createTestClock()
  const told: Parameters<HearsOfLoss>[0][] = []
  const syslog = createSyslog(clock, {facility: 'daemon', retryMs: 10_000, socket}, (loss) => told.push(loss))
  syslog.write('a', 'warn')
  syslog.write('b', 'warn')
  clock.ms = 10_000
  syslog.write('c', 'warn')
  expect(told).toEqual([{because: `nobody takes it at '${socket}' (errno 2)`}])

  using listener = listenForDatagrams(socket)
  syslog.write('not yet tried again', 'warn')
  expect(listener.next()).toBeUndefined()
  clock.ms = 20_000
  syslog.write('e', 'warn')
  expect(listener.next()).toMatch(/^<28>.*: e$/)
  expect(told.slice(1)).toEqual([{lines: 4}])
  await syslog.close()
  expect(told).toHaveLength(2)
})

test('a syslog that does not read holds nobody up', () => {
  using directory = temporaryDirectory()
  const socket = `${directory.path}/log`
  using _listener = listenForDatagrams(socket)
  const told: Parameters<HearsOfLoss>[0][] = []
  const syslog = createSyslog(createTestClock(), {facility: 'daemon', retryMs: 1000, socket}, (loss) =>
    told.push(loss),
  )
  for (let line = 0; line < 10_000; line += 1) syslog.write('x'.repeat(100), 'warn')
  expect(told).toEqual([{because: `nobody takes it at '${socket}' (errno 11)`}])
})
