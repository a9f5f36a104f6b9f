import {describe, expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {lastReceivedHoldTag, readLastReceivedHold} from '../../../src/lib/abstraction/last-received-hold.ts'
import {readStepHold, stepHoldTag} from '../../../src/lib/abstraction/step-hold.ts'
import {foundHoldTag} from '../../../src/lib/zfs/name.ts'

const JOBS = ['a', 'a_b', 'a_J_b', 'a_', 'J_a', 'a b', 'STEP_J_a', 'last_received_J_a', 'a'.repeat(203)]

describe.each(JOBS)('job %j', (job) => {
  const jobId = parseJobId(job)
  test('has the tags of zrepl', () => {
    expect(stepHoldTag(jobId)).toBe(`zrepl_STEP_J_${job}`)
    expect(lastReceivedHoldTag(jobId)).toBe(`zrepl_last_received_J_${job}`)
  })
  test('is read from its own tags, and from no other kind', () => {
    expect(readStepHold(stepHoldTag(jobId))).toBe(jobId)
    expect(readLastReceivedHold(lastReceivedHoldTag(jobId))).toBe(jobId)
    expect(readStepHold(lastReceivedHoldTag(jobId))).toBeUndefined()
    expect(readLastReceivedHold(stepHoldTag(jobId))).toBeUndefined()
  })
})

test('no two jobs share a tag, although the names begin alike', () => {
  const tags = JOBS.map(parseJobId).flatMap((jobId) => [stepHoldTag(jobId), lastReceivedHoldTag(jobId)])
  expect(new Set(tags).size).toBe(2 * JOBS.length)
})

test.each([
  ['keep'],
  ['zrepl_STEP'],
  ['zrepl_STEP_J_'],
  ['zrepl_STEP_J__internal'],
  ['zrepl_STEP_J_a/b'],
  ['zrepl_STEP_J_ä'],
  ['zrepl_step_J_a'],
  ['xzrepl_STEP_J_a'],
  ['xyzrepl_STEP_J_abc'],
  [' zrepl_STEP_J_a'],
  ['zrepl_last_received'],
  ['zrepl_last_received_J_'],
  ['zrepl_last_received_J_..'],
  ['xzrepl_last_received_J_a'],
  [`zrepl_STEP_J_${'a'.repeat(300)}`],
  ['.zrepl_STEP_J_a'],
])('the tag %j belongs to no job', (tag) => {
  expect(readStepHold(foundHoldTag(tag))).toBeUndefined()
  expect(readLastReceivedHold(foundHoldTag(tag))).toBeUndefined()
})
