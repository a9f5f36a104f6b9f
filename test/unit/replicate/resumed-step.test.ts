import {expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {planFilesystem} from '../../../src/lib/plan/filesystem-plan.ts'
import type {Step} from '../../../src/lib/plan/step.ts'
import {runResumedStep} from '../../../src/lib/replicate/resumed-step.ts'
import type {Outcome} from '../../../src/lib/zfs/client.ts'
import {tokenFor} from '../plan/token.ts'
import {PUSH, policy, SINK, view} from '../plan/views.ts'
import {createTestContext} from '../test-context.ts'

const TOKEN = tokenFor(2, 1)
const REFUSED = new OperationalError('receive-failed', 'no such thing')

function resumedStep(): Step {
  const planned = planFilesystem({
    senderJob: PUSH,
    sender: view('@a,1 @b,2'),
    receiverJob: SINK,
    receiver: view('@a,1', {resumeToken: TOKEN}),
    hasChildrenThere: false,
    setAsideBefore: new Map(),
    policy: policy(),
  })
  return planned.kind === 'steps' ? planned.steps[0] : expect.fail(planned.kind)
}

/** Continues in vain as often as there are failures; then whatever is tried succeeds. */
async function resume(
  failures: readonly Error[],
  {tokenNow = TOKEN, aborted = {kind: 'done'}}: {tokenNow?: string; aborted?: Outcome} = {},
) {
  const did: string[] = []
  const left = [...failures]
  const receiver = {
    observe: async () => ({
      jobId: SINK,
      missing: [],
      clockMs: 0,
      maxStreams: 1,
      compressions: [],
      filesystems: [view('@a,1', {resumeToken: tokenNow})],
    }),
    abortPartial: async () => {
      did.push('abort')
      return [aborted]
    },
  }
  const run = async ({resumeToken}: Step) => {
    did.push(resumeToken === undefined ? 'afresh' : 'continue')
    const failure = left.shift()
    if (failure !== undefined) throw failure
    return []
  }
  const warnings = await runResumedStep(createTestContext(), receiver, resumedStep(), run).catch(
    (error: unknown) => [String(error)],
  )
  return {did, warnings}
}

test('a partial receive that continues is continued', async () => {
  expect(await resume([])).toEqual({did: ['continue'], warnings: []})
})

test('one that fails twice without getting anywhere is given up once, and sent afresh', async () => {
  const {did, warnings} = await resume([REFUSED, REFUSED])
  expect(did).toEqual(['continue', 'continue', 'abort', 'afresh'])
  expect(warnings).toEqual(['a partial receive could not be continued and was given up: no such thing'])
})

test('what fails afresh too is not tried for ever', async () => {
  const {did} = await resume([REFUSED, REFUSED, REFUSED])
  expect(did).toEqual(['continue', 'continue', 'abort', 'afresh'])
})

test.each<[string, Error]>([
  ['a killed zfs send', new OperationalError('send-failed', 'it was killed', {retryable: true})],
  ['a lost connection', new OperationalError('peer-unreachable', 'gone', {retryable: true})],
  ['a full pool', new OperationalError('receive-failed', 'out of space', {retryable: true})],
  ['a missing key', new OperationalError('key-not-loaded', 'locked')],
])('%s is no reason to give it up', async (_, failure) => {
  expect((await resume([failure])).did).toEqual(['continue'])
})

test('one that got further is kept for the next run', async () => {
  expect((await resume([REFUSED], {tokenNow: tokenFor(2, 1, {bytes: 9n})})).did).toEqual(['continue'])
})

test('one that cannot be given up either is told, and nothing else is tried', async () => {
  const {did, warnings} = await resume([REFUSED, REFUSED], {
    aborted: {kind: 'failed', failure: {kind: 'unknown', message: 'not abortable'}},
  })
  expect(did).toEqual(['continue', 'continue', 'abort'])
  expect(warnings).toEqual([
    'OperationalError: the partial receive can be neither continued (no such thing) nor given up: not abortable',
  ])
})
