import {expect, test} from 'vitest'
import type {JobPlace, Runner} from '../../../src/lib/app/job-place.ts'
import {takeJob} from '../../../src/lib/app/take-job.ts'
import type {Job} from '../../../src/lib/config/job.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {createTestContext} from '../test-context.ts'

const UNKNOWN: Runner = {running: undefined, progress: undefined}
const LOCK = {fd: 7, release: () => {}}

/** A job whose lock somebody has; `at` is what is known of that in each moment, until it is `free`. */
function placeOf(at: (moment: number) => Runner | 'free') {
  let moments = 0
  let now: Runner | 'free' = UNKNOWN
  const unused = () => {
    throw new Error('not for this test')
  }
  const place: JobPlace = {
    self: {pid: 1, started: '1'},
    uptimeMs: () => 0,
    lock() {
      moments += 1
      now = at(moments)
      if (now === 'free') return LOCK
      throw new OperationalError('job-busy', 'it is running')
    },
    lockNext: unused,
    tell: unused,
    withdraw: unused,
    runner: () => (now === 'free' ? UNKNOWN : now),
    cancel: unused,
  }
  return {place, moments: () => moments}
}

/** Nobody waits: it is told how long somebody would have. */
function contextWithoutWaiting() {
  let waitedMs = 0
  const ctx = createTestContext()
  const sleep = async (ms: number) => {
    waitedMs += ms
  }
  return {ctx: {...ctx, clock: {...ctx.clock, sleep}}, waited: () => waitedMs}
}

const job = {name: 'offsite', type: 'snap'} as Job

test('who has just begun and is not known yet is left alone as soon as it is', async () => {
  const {place, moments} = placeOf((moment) => (moment < 3 ? UNKNOWN : {...UNKNOWN, running: 'pid 9'}))
  const {ctx, waited} = contextWithoutWaiting()
  await expect(takeJob(ctx, job, place)).rejects.toMatchObject({code: 'job-busy'})
  expect([moments(), waited()]).toEqual([3, 200])
})

test('who ends at this moment makes room', async () => {
  const {place} = placeOf((moment) => (moment < 3 ? UNKNOWN : 'free'))
  expect(await takeJob(contextWithoutWaiting().ctx, job, place)).toBe(LOCK)
})

test('what holds the job and is nobody for two seconds is told as stuck', async () => {
  const {place} = placeOf(() => ({...UNKNOWN, heldBy: 'pid 7 (zfs)'}))
  const {ctx, waited} = contextWithoutWaiting()
  await expect(takeJob(ctx, job, place)).rejects.toMatchObject({
    code: 'job-stuck',
    message: 'it is running: what it has started outlives it: pid 7 (zfs)',
  })
  expect(waited()).toBe(1900)
})
