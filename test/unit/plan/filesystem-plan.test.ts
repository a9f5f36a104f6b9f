import {describe, expect, test} from 'vitest'
import {unreachable} from '../../../src/lib/core/assert.ts'
import {
  type FilesystemPlan,
  type FilesystemQuestion,
  planFilesystem,
} from '../../../src/lib/plan/filesystem-plan.ts'
import type {FilesystemView} from '../../../src/lib/plan/observation.ts'
import {describeStep} from '../../../src/lib/plan/step.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {isSnapshot, type Snapshot, shortName, type Version} from '../../../src/lib/zfs/version.ts'
import {sublists, versions} from '../../versions.ts'
import {tokenFor} from './token.ts'
import {cursor, PUSH, policy, SINK, tentative, view} from './views.ts'

function plan(
  sender: FilesystemView,
  receiver: FilesystemView | undefined,
  more: Partial<FilesystemQuestion> = {},
) {
  return planFilesystem({
    senderJob: PUSH,
    sender,
    hasChildrenThere: false,
    setAsideBefore: new Map(),
    receiverJob: SINK,
    receiver,
    policy: policy(),
    ...more,
  })
}

const FORBIDDEN = {kind: 'refused', code: 'send-policy', message: 'not so', hint: 'do this'} as const

/** The hold of the receiving job, on a snapshot from before the histories parted. */
const RECEIVED = {a: 'zrepl_last_received_J_sink'}

const HELD = {holds: {b: 'zrepl_last_received_J_sink'}}

test('what this job has sent before, and the receiver has nothing of, is sent afresh with its cursor told', () => {
  const before = (sender: FilesystemView, receiver?: FilesystemView) => {
    const planned = plan(sender, receiver)
    return planned.kind === 'steps' ? planned.sentBefore?.guid : planned.kind
  }
  expect(before(view(`@a,1 ${cursor(1)} @b,2`))).toBe('1')
  expect(before(view(`@a,1 ${cursor(1)} @b,2`), view('', {placeholder: true}))).toBe('1')
  expect(before(view('@a,1 @b,2'))).toBeUndefined()
  expect(before(view(`@a,1 ${cursor(1, 'another')} ${tentative(1)} @b,2`))).toBeUndefined()
  expect(before(view(`@a,1 ${cursor(1)} @b,2`), view('@a,1'))).toBeUndefined()
})

describe('without a partial receive', () => {
  test.each<[string, FilesystemView, FilesystemView | undefined, string]>([
    ['increments, one by one', view('@a,1 @b,2 @c,3'), view('@a,1'), 'steps @a -> @b, @b -> @c'],
    ['from a bookmark', view('#a,1 @b,2'), view('@a,1'), 'steps #a -> @b'],
    ['nothing there', view('@a,1 @b,2'), undefined, 'steps full @b'],
    ['a placeholder there', view('@a,1 @b,2'), view('', {placeholder: true}), 'steps full @b'],
    ['a cursor left, the receiver empty (zrepl#558)', view(`${cursor(1)} @b,2`), undefined, 'steps full @b'],
    ['nothing to do', view(`@a,1 @b,2 ${cursor(2)}`), view('@a,1 @b,2', HELD), 'up-to-date @b'],
    ['nothing on either side', view(''), undefined, 'conflict no-sender-snapshots'],
    ['only a bookmark to send', view('#a,1'), undefined, 'conflict no-sender-snapshots'],
    ['diverged', view('@a,1 @x,3'), view('@a,1 @y,2'), 'conflict diverged'],
    ['recreated', view('@a,1'), view('@x,9'), 'conflict no-common-ancestor'],
    ['a name in the way', view('@a,1 @x,2'), view('@x,9,1 @a,1,2'), 'conflict name-taken'],
    ['a placeholder here', view('', {placeholder: true}), undefined, 'skip sender-placeholder'],
    [
      'placeholders on both sides',
      view('', {placeholder: true}),
      view('', {placeholder: true}),
      'skip sender-placeholder',
    ],
    [
      'a placeholder only here',
      view('', {placeholder: true}),
      view('@a,1'),
      'conflict sender-is-placeholder',
    ],
    ['an empty filesystem there that is not ours', view('@a,1'), view(''), 'conflict receiver-occupied'],
    ['bookmarks alone make it no replica', view('@a,1'), view('#a,1'), 'conflict receiver-occupied'],
    [
      'a placeholder with snapshots',
      view('@a,1'),
      view('@a,1', {placeholder: true}),
      'conflict placeholder-has-snapshots',
    ],
    [
      'changes there, and something to send',
      view('@a,1 @b,2'),
      view('@a,1', {written: 1n}),
      'conflict modified',
    ],
    [
      'changes there, and nothing to send',
      view(`@a,1 @b,2 ${cursor(2)}`),
      view('@a,1 @b,2', {...HELD, written: 1n}),
      'up-to-date @b',
    ],
    [
      'a placeholder with properties there',
      view('@a,1'),
      view('', {placeholder: true, written: 24_576n}),
      'steps full @a',
    ],
    ['policy forbids it', view('@a,1 @b,2', {sending: FORBIDDEN}), view('@a,1'), 'refused send-policy'],
    [
      'policy would forbid it, but there is nothing to send',
      view(`@a,1 @b,2 ${cursor(2)}`, {sending: FORBIDDEN}),
      view('@a,1 @b,2', HELD),
      'up-to-date @b',
    ],
    [
      'an encrypted placeholder there',
      view('@a,1'),
      view('', {placeholder: true, encrypted: true}),
      'conflict placeholder-irreplaceable',
    ],
    [
      'a placeholder there, and a raw stream',
      view('@a,1', {encrypted: true, sending: {kind: 'allowed', raw: true}}),
      view('', {placeholder: true}),
      'conflict placeholder-irreplaceable',
    ],
    [
      'a placeholder there, and a decrypted stream',
      view('@a,1', {encrypted: true, sending: {kind: 'allowed', raw: false}}),
      view('', {placeholder: true}),
      'steps full @a',
    ],
    ['a volume there', view('@a,1'), view('@a,1', {type: 'volume'}), 'conflict type-differs'],
    [
      'a placeholder for a volume',
      view('@a,1', {type: 'volume'}),
      view('', {placeholder: true}),
      'conflict type-differs',
    ],
  ])('%s', (_, sender, receiver, expected) => {
    expect(describePlan(plan(sender, receiver))).toBe(expected)
  })
})

describe('initial replication', () => {
  test.each([
    ['most_recent', 'steps full @c'],
    ['all', 'steps full @a, @a -> @b, @b -> @c'],
    ['fail', 'conflict initial-replication-disabled'],
  ] as const)('%s: %s', (initialReplication, expected) => {
    const sender = view('@a,1 @b,2 @c,3')
    expect(describePlan(plan(sender, undefined, {policy: policy(initialReplication)}))).toBe(expected)
  })

  test.each(['most_recent', 'all', 'fail'] as const)(
    '%s does not matter once there is a common version',
    (initialReplication) => {
      const options = {policy: policy(initialReplication)}
      expect(describePlan(plan(view('@a,1 @b,2'), view('@a,1'), options))).toBe('steps @a -> @b')
    },
  )

  test('fail also refuses to continue a full receive, and changes nothing', () => {
    const receiver = view('', {resumeToken: tokenFor(2, undefined)})
    expect(describePlan(plan(view('@a,1 @b,2'), receiver, {policy: policy('fail')}))).toBe(
      'conflict initial-replication-disabled',
    )
  })
})

test('each step is protected as its kind asks', () => {
  const both = policy('all', 'guarantee_resumability', 'guarantee_incremental')
  expect(protections(plan(view('@a,1 @b,2 @c,3'), undefined, {policy: both}))).toEqual([
    'guarantee_resumability',
    'guarantee_incremental',
    'guarantee_incremental',
  ])
  expect(protections(plan(view('@a,1 @b,2'), view('@a,1'), {policy: both}))).toEqual([
    'guarantee_incremental',
  ])
  const receiver = view('', {resumeToken: tokenFor(1, undefined)})
  expect(protections(plan(view('@a,1 @b,2'), receiver, {policy: both}))).toEqual([
    'guarantee_resumability',
    'guarantee_incremental',
  ])
})

describe('with a partial receive', () => {
  test.each<[string, FilesystemView, FilesystemView, string]>([
    [
      'continued, then the rest',
      view('@a,1 @b,2 @c,3'),
      view('@a,1', {resumeToken: tokenFor(2, 1)}),
      'steps @a -> @b (resumed), @b -> @c',
    ],
    [
      'a full one continued, then the rest',
      view('@a,1 @b,2 @c,3'),
      view('', {resumeToken: tokenFor(2, undefined)}),
      'steps full @b (resumed), @b -> @c',
    ],
    [
      'on a placeholder',
      view('@a,1'),
      view('', {placeholder: true, resumeToken: tokenFor(1, undefined)}),
      'steps full @a (resumed)',
    ],
    [
      'it skips a snapshot, which stays skipped',
      view('@a,1 @b,2 @c,3'),
      view('@a,1', {resumeToken: tokenFor(3, 1)}),
      'steps @a -> @c (resumed)',
    ],
    [
      'its snapshot is gone (zrepl#644)',
      view('@a,1 @c,3'),
      view('@a,1', {resumeToken: tokenFor(2, 1)}),
      "give up: the snapshot it receives ('tank/a@whatever') is not on the sender any more; steps @a -> @c",
    ],
    [
      'undecodable',
      view('@a,1 @b,2'),
      view('@a,1', {resumeToken: 'garbage'}),
      'give up: its resume token cannot be used: it is not of the form of a token; steps @a -> @b',
    ],
    [
      'its full snapshot is gone',
      view('@b,2'),
      view('', {resumeToken: tokenFor(1, undefined)}),
      "give up: the snapshot it receives ('tank/a@whatever') is not on the sender any more; steps full @b",
    ],
    [
      'already there',
      view(`@a,1 @b,2 ${cursor(2)}`),
      view('@a,1 @b,2', {...HELD, resumeToken: tokenFor(2, 1)}),
      'give up: the receiver already has @b; up-to-date @b',
    ],
    [
      'in a conflict nothing is given up',
      view('@a,1 @x,3'),
      view('@a,1 @y,2', {resumeToken: tokenFor(3, 1)}),
      'conflict diverged',
    ],
    [
      'a name in the way',
      view('@a,1 @x,2'),
      view('@x,9,1 @a,1,2', {resumeToken: tokenFor(2, 1)}),
      'conflict name-taken',
    ],
    [
      'a name in the way of a later step',
      view('@a,1 @b,2 @x,3'),
      view('@x,9,1 @a,1,2', {resumeToken: tokenFor(2, 1)}),
      'conflict name-taken',
    ],
  ])('%s', (_, sender, receiver, expected) => {
    expect(describePlan(plan(sender, receiver))).toBe(expected)
  })

  test('only the first step carries the token', () => {
    const resumeToken = tokenFor(2, 1)
    const planned = plan(view('@a,1 @b,2 @c,3'), view('@a,1', {resumeToken}))
    expect(planned.kind === 'steps' && planned.steps.map((step) => step.resumeToken)).toEqual([
      resumeToken,
      undefined,
    ])
  })

  test('raw against policy is given up, and the step is planned afresh', () => {
    const receiver = view('@a,1', {resumeToken: tokenFor(2, 1)})
    const sender = view('@a,1 @b,2', {encrypted: true, sending: {kind: 'allowed', raw: true}})
    expect(describePlan(plan(sender, receiver))).toBe(
      'give up: it is not a raw stream, but the job sends raw; steps @a -> @b',
    )
  })
})

describe('rename-aside', () => {
  const aside = (
    sender: FilesystemView,
    receiver: FilesystemView,
    more: Partial<FilesystemQuestion> = {},
  ) => {
    const planned = plan(sender, receiver, {policy: {...policy(), diverged: 'rename-aside'}, ...more})
    const newest = planned.kind === 'steps' ? planned.setAside?.newest : undefined
    return `${describePlan(planned)}, aside ${newest}`
  }

  /** As this job has received it. */
  const copy: typeof view = (history, more = {}) => view(history, {...more, holds: RECEIVED})

  test.each<[string, FilesystemView, FilesystemView, string]>([
    ['diverged', view('@a,1 @x,3'), copy('@a,1 @y,2'), 'steps full @x, aside 2'],
    ['recreated', view('@a,1 @b,2'), copy('@x,9'), 'steps full @b, aside 9'],
    ['in the middle of a receive', view('@x,3'), copy('@y,2', {resumeToken: 'x'}), 'steps full @x, aside 2'],
    ['joinable', view('@a,1 @b,2'), copy('@a,1'), 'steps @a -> @b, aside undefined'],
    ['only changed', view('@a,1 @b,2'), copy('@a,1', {written: 1n}), 'conflict modified, aside undefined'],
    ['no snapshot here', view('#a,1'), copy('@y,2'), 'conflict no-common-ancestor, aside undefined'],
    [
      'not to be sent',
      view('@x,3', {sending: FORBIDDEN}),
      copy('@y,2'),
      'refused send-policy, aside undefined',
    ],
    ['a name in the way', view('@a,1 @x,2'), copy('@x,9,1 @a,1,2'), 'conflict name-taken, aside undefined'],
  ])('%s', (_, sender, receiver, expected) => {
    expect(aside(sender, receiver)).toBe(expected)
  })

  test.each([
    ['that another job receives', {y: 'zrepl_last_received_J_other'}, {kind: 'of-another-job', job: 'other'}],
    [
      'that another job receives as well',
      {a: 'zrepl_last_received_J_sink', y: 'mine zrepl_last_received_J_other'},
      {kind: 'of-another-job', job: 'other'},
    ],
    ['that no job receives', {y: 'mine zrepl_STEP_J_sink'}, {kind: 'not-received', job: 'sink'}],
  ])('not a copy %s', (_, holds, because) => {
    const policyOfJob = {...policy(), diverged: 'rename-aside'} as const
    const planned = plan(view('@a,1 @x,3'), view('@a,1 @y,2', {holds}), {policy: policyOfJob})
    expect(planned).toMatchObject({
      kind: 'conflict',
      conflict: {kind: 'left-alone', because, parted: {kind: 'diverged'}},
    })
  })

  test('not what has taken the place of a copy that this sender could go on with', () => {
    const setAsideBefore = new Map([
      [parseGuid('7'), parseDatasetName('tank/a_diverged_0000000000000007')],
      [parseGuid('1'), parseDatasetName('tank/a_diverged_0000000000000001')],
    ])
    const before = {setAsideBefore}
    expect(aside(view('@a,1 @x,3'), copy('@y,2'), before)).toBe('conflict left-alone, aside undefined')
    expect(aside(view(`${cursor(7)} @x,8`), copy('@y,2'), before)).toBe(
      'conflict left-alone, aside undefined',
    )
    expect(aside(view('@x,8'), copy('@y,2'), before)).toBe('steps full @x, aside 2')
  })

  test('not with others below it, which would be renamed too', () => {
    const below = {hasChildrenThere: true}
    expect(aside(view('@a,1 @x,3'), copy('@a,1 @y,2'), below)).toBe('conflict diverged, aside undefined')
  })

  test('not unless asked for', () => {
    expect(describePlan(plan(view('@a,1 @x,3'), copy('@a,1 @y,2')))).toBe('conflict diverged')
  })
})

test('no run is stuck: done as planned, every small world ends up to date or in a conflict', () => {
  const tokens = [
    undefined,
    'garbage',
    tokenFor(1, undefined),
    tokenFor(2, undefined),
    tokenFor(2, 1),
    tokenFor(3, 2),
    tokenFor(3, 1),
    tokenFor(9, 1),
  ]
  for (const ours of sublists(versions('#a,1 @a,1 @b,2 @c,3'))) {
    for (const theirs of sublists(versions('@a,1,11 @b,2,12 @x,9,13'))) {
      for (const resumeToken of tokens) {
        for (const initialReplication of ['most_recent', 'all'] as const) {
          const sender = {...view(''), versions: ours}
          const receiver = {...view(''), versions: theirs, resumeToken}
          const planned = plan(sender, receiver, {policy: policy(initialReplication)})
          if (planned.kind === 'skip' || planned.kind === 'conflict') continue
          checkSteps(planned, ours, theirs)
          const after = {
            ...receiver,
            versions: [...theirs, ...stepsOf(planned).map(({to}) => asReceived(to))],
            resumeToken: undefined,
          }
          expect(plan(sender, after)).toMatchObject({kind: 'up-to-date', abortPartial: undefined})
        }
      }
    }
  }
})

/** The chain begins at what the receiver has last, has no gaps, and sends nothing twice. */
function checkSteps(planned: FilesystemPlan, ours: readonly Version[], theirs: readonly Version[]): void {
  let last = theirs.filter(isSnapshot).at(-1)?.guid
  for (const {from, to} of stepsOf(planned)) {
    expect(from?.guid).toBe(last)
    expect(ours).toContain(to)
    expect(theirs.map(({guid}) => guid)).not.toContain(to.guid)
    if (from !== undefined) expect(ours).toContain(from)
    last = to.guid
  }
  const newest = ours.filter(isSnapshot).at(-1)
  if (planned.kind === 'steps') expect(last).toBe(newest?.guid)
}

function asReceived(snapshot: Snapshot): Snapshot {
  return {...snapshot, createtxg: (snapshot.createtxg + 100n) as Snapshot['createtxg']}
}

function stepsOf(planned: FilesystemPlan) {
  return planned.kind === 'steps' ? planned.steps : []
}

function protections(planned: FilesystemPlan): readonly string[] {
  return stepsOf(planned).map(({protection}) => protection)
}

function describePlan(planned: FilesystemPlan): string {
  switch (planned.kind) {
    case 'skip':
      return `skip ${planned.because}`
    case 'refused':
      return `refused ${planned.code}`
    case 'conflict':
      return `conflict ${planned.conflict.kind}`
    case 'up-to-date':
      return `${givenUp(planned.abortPartial)}up-to-date ${shortName(planned.common)}${planned.finish === undefined ? '' : ' unfinished'}`
    case 'steps':
      return `${givenUp(planned.abortPartial)}steps ${planned.steps.map(describeStep).join(', ')}`
    default:
      return unreachable(planned)
  }
}

function givenUp(because: string | undefined): string {
  return because === undefined ? '' : `give up: ${because}; `
}
