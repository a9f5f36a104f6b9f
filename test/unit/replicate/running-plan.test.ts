import {expect, test} from 'vitest'
import {planReplication} from '../../../src/lib/plan/job-plan.ts'
import {formatRunningPlan, parseRunningPlan, runningSteps} from '../../../src/lib/replicate/running-plan.ts'
import {tokenFor} from '../plan/token.ts'
import {cursor, PUSH, policy, SINK, view} from '../plan/views.ts'

const plan = (receiver: ReturnType<typeof view>) =>
  planReplication({
    sender: {jobId: PUSH, filesystems: [view(`@a,1 @b,2 @c,3 ${cursor(1)}`)]},
    receiver: {jobId: SINK, filesystems: [receiver]},
    policy: policy(),
  })

test('everything a replication needs is told: both ends of every step', () => {
  const needed = parseRunningPlan(formatRunningPlan('offsite', plan(view('@a,1'))))
  expect(Array.from(needed, ([guid, {job, step}]) => `${guid} ${job} ${step}`)).toEqual([
    '1 offsite tank/a @a -> @b',
    '2 offsite tank/a @b -> @c',
    '3 offsite tank/a @b -> @c',
  ])
})

test('and what a partial receive waits for', () => {
  const receiver = view('@a,1', {resumeToken: tokenFor(3, 1)})
  const needed = parseRunningPlan(formatRunningPlan('offsite', plan(receiver)))
  expect(Array.from(needed, ([guid, {step}]) => `${guid} ${step}`)).toEqual([
    '1 tank/a @a -> @c',
    '3 tank/a @a -> @c',
  ])
})

test('of several replications all count', () => {
  const others = [1, 2].map((job) =>
    formatRunningPlan(`job ${job}`, plan(view(job === 1 ? '@a,1' : '@a,1 @b,2'))),
  )
  const needed = runningSteps({job: 'me', announce: () => ({withdraw() {}}), others: () => others})
  expect(Array.from(needed, ([guid, {job}]) => `${guid} ${job}`)).toEqual(['1 job 1', '2 job 2', '3 job 2'])
})
