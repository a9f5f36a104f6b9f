import {describe, expect, test} from 'vitest'
import type {ProtectedGuids} from '../../../src/lib/prune/judge.ts'
import {
  protectAlone,
  protectGone,
  protectOnReceiver,
  protectOnSender,
  type SenderSituation,
} from '../../../src/lib/prune/protect.ts'
import {snapshots} from '../../versions.ts'
import {tokenFor} from '../plan/token.ts'
import {cursor, PUSH, tentative, view} from '../plan/views.ts'

/** `guid: reason reason`, in order of guid. */
function lines(kept: ProtectedGuids): readonly string[] {
  return Array.from(
    kept,
    ([guid, reasons]) => `${guid}: ${reasons.map(({kind}) => kind).join(' ')}`,
  ).toSorted()
}

function onSender(more: Partial<SenderSituation>): readonly string[] {
  const situation: SenderSituation = {
    jobId: PUSH,
    sender: view(''),
    receiver: 'absent',
    steps: [],
    onConflict: 'keep',
    scope: 'all',
    ...more,
  }
  return lines(protectOnSender(situation))
}

const [a, b, c] = snapshots('@a,1 @b,2 @c,3')
if (a === undefined || b === undefined || c === undefined) throw new Error('three snapshots')
const ABC = '@a,1 @b,2 @c,3'

describe('on the sender', () => {
  test.each<[string, Partial<SenderSituation>, readonly string[]]>([
    ['the newest', {sender: view(ABC)}, ['3: newest']],
    ['the only one', {sender: view('@a,1 #b,2')}, ['1: only']],
    ['nothing where nothing is', {sender: view('#a,1')}, []],
    [
      'the last common version',
      {sender: view(ABC), receiver: view('@a,1 @b,2')},
      ['2: last-common', '3: newest'],
    ],
    [
      'also with a cursor at it',
      {sender: view(`${ABC} ${cursor(2)}`), receiver: view('@b,2')},
      ['2: last-common', '3: newest'],
    ],
    [
      'the cursor’s snapshot, when the receiver is not known',
      {sender: view(`${ABC} ${cursor(1)} ${cursor(2)}`), receiver: 'unknown'},
      ['2: last-common', '3: newest'],
    ],
    [
      'all, when neither the receiver nor a cursor of this job tells',
      {sender: view(`${ABC} ${cursor(2, 'other')}`), receiver: 'unknown'},
      ['1: unconfirmed', '2: unconfirmed', '3: newest unconfirmed'],
    ],
    [
      'both ends of a step',
      {sender: view(ABC), steps: [{from: a, to: b}]},
      ['1: step', '2: step', '3: newest'],
    ],
    [
      'the end of a full step',
      {sender: view(ABC), steps: [{from: undefined, to: b}]},
      ['2: step', '3: newest'],
    ],
    [
      'both ends of a partial receive',
      {sender: view(ABC), receiver: view('@a,1', {resumeToken: tokenFor(2, 1)})},
      ['1: last-common partial-receive', '2: partial-receive', '3: newest'],
    ],
    [
      'an undecodable one protects nothing',
      {sender: view(ABC), receiver: view('', {resumeToken: 'garbage'})},
      ['3: newest'],
    ],
    [
      'held by anybody',
      {sender: view(ABC, {holds: {a: 'keep', b: 'zrepl_STEP_J_push'}})},
      ['1: held', '2: held', '3: newest'],
    ],
    ['held, though by whom was not listed', {sender: view('@a,1*1 @b,2')}, ['1: held', '2: newest']],
  ])('%s', (_, situation, expected) => {
    expect(onSender(situation)).toEqual(expected)
  })

  test('the tags of holds and the words of steps are told', () => {
    const kept = protectOnSender({
      jobId: PUSH,
      sender: view('@a,1 @b,2 @c,3', {holds: {a: 'one two'}}),
      receiver: 'absent',
      steps: [{from: a, to: b}],
      onConflict: 'keep',
      scope: 'all',
    })
    expect(kept.get(a.guid)).toEqual([
      {kind: 'held', tags: ['one', 'two']},
      {kind: 'step', step: '@a -> @b'},
    ])
  })
})

describe('on the sender, when the operator prefers space', () => {
  const destroy = {onConflict: 'destroy'} as const
  test.each<[string, Partial<SenderSituation>, readonly string[]]>([
    ['planned steps protect nothing', {sender: view(ABC), steps: [{from: a, to: b}]}, ['3: newest']],
    [
      'the last common version may go, as the cursor stays',
      {sender: view(`${ABC} ${cursor(2)}`), receiver: view('@b,2')},
      ['3: newest'],
    ],
    ['not without a cursor', {sender: view(ABC), receiver: view('@b,2')}, ['2: last-common', '3: newest']],
    [
      'not for another job’s or a tentative cursor',
      {sender: view(`${ABC} ${cursor(2, 'other')} ${tentative(2)} #mine,2`), receiver: view('@b,2')},
      ['2: last-common', '3: newest'],
    ],
    [
      'not where the cursor is behind',
      {sender: view(`${ABC} ${cursor(1)}`), receiver: view('@a,1 @b,2')},
      ['2: last-common', '3: newest'],
    ],
    [
      'what is being received stays, its base may be a bookmark',
      {
        sender: view(`${ABC} ${cursor(1)} ${cursor(2)}`),
        receiver: view('@a,1', {resumeToken: tokenFor(2, 1)}),
      },
      ['2: partial-receive', '3: newest'],
    ],
    [
      'its base without a bookmark stays',
      {sender: view(ABC), receiver: view('@a,1', {resumeToken: tokenFor(2, 1)})},
      ['1: last-common partial-receive', '2: partial-receive', '3: newest'],
    ],
    [
      'all stay, when neither the receiver nor a cursor tells',
      {sender: view(ABC), receiver: 'unknown'},
      ['1: unconfirmed', '2: unconfirmed', '3: newest unconfirmed'],
    ],
    ['held ones stay', {sender: view(ABC, {holds: {a: 'keep'}})}, ['1: held', '3: newest']],
  ])('%s', (_, situation, expected) => {
    expect(onSender({...destroy, ...situation})).toEqual(expected)
  })
})

describe('on the sender, when replication fails', () => {
  const older = {scope: 'older-than-cursor'} as const
  test.each<[string, Partial<SenderSituation>, readonly string[]]>([
    [
      'nothing is known to have arrived: all stays',
      {sender: view(ABC)},
      ['1: unconfirmed', '2: unconfirmed', '3: newest unconfirmed'],
    ],
    [
      'only what is strictly older than the cursor',
      {sender: view(`${ABC} ${cursor(2)}`), receiver: 'unknown'},
      ['2: last-common unconfirmed', '3: newest unconfirmed'],
    ],
    [
      'the cursor is behind what arrived',
      {sender: view(`${ABC} ${cursor(2)}`), receiver: view(ABC)},
      ['2: unconfirmed', '3: newest last-common unconfirmed'],
    ],
    [
      'the receiver was restored from an older state',
      {sender: view(`${ABC} ${cursor(3)}`), receiver: view('@a,1 @b,2')},
      ['2: last-common unconfirmed', '3: newest unconfirmed'],
    ],
    [
      'no cursor, but a common version',
      {sender: view(ABC), receiver: view('@a,1 @b,2')},
      ['2: last-common unconfirmed', '3: newest unconfirmed'],
    ],
    [
      'the cursor’s snapshot is gone',
      {sender: view(`@a,1 ${cursor(2)} @c,3`), receiver: 'unknown'},
      ['2: last-common', '3: newest unconfirmed'],
    ],
  ])('%s', (_, situation, expected) => {
    expect(onSender({...older, ...situation})).toEqual(expected)
  })
})

describe('on the receiver', () => {
  test.each([
    [
      'the last common version, which is its newest',
      view(ABC),
      view('@a,1 @b,2'),
      [],
      ['2: newest last-common'],
    ],
    [
      'and its newest, should that be another',
      view(ABC),
      view('@a,1 @x,9'),
      [],
      ['1: last-common', '9: newest'],
    ],
    [
      'where a cursor stands, though more has arrived (K6)',
      view(`${ABC} ${cursor(1)}`),
      view('@a,1 @b,2'),
      [],
      ['1: cursor', '2: newest last-common'],
    ],
    [
      'held ones',
      view(ABC),
      view('@a,1 @b,2', {holds: {a: 'zrepl_last_received_J_sink'}}),
      [],
      ['1: held', '2: newest last-common'],
    ],
    [
      'the base of its partial receive',
      view(ABC),
      view('@a,1 @b,2', {resumeToken: tokenFor(3, 1)}),
      [],
      ['1: partial-receive', '2: newest last-common', '3: partial-receive'],
    ],
    [
      'the base of a planned step',
      view(ABC),
      view('@a,1 @b,2'),
      [{from: a, to: c}],
      ['1: step', '2: newest last-common', '3: step'],
    ],
    ['without a common version its newest', view(ABC), view('@x,8 @y,9'), [], ['9: newest']],
    ['its only one', view(ABC), view('@a,1'), [], ['1: only last-common']],
  ])('%s', (_, sender, receiver, steps, expected) => {
    expect(lines(protectOnReceiver(PUSH, sender, receiver, steps))).toEqual(expected)
  })
})

test('where nothing is replicated: the newest and held ones', () => {
  expect(lines(protectAlone(view(ABC, {holds: {a: 'keep'}})))).toEqual(['1: held', '3: newest'])
})

test('what has a clone, on every side, also of a filesystem that is gone', () => {
  const history = view(ABC)
  const versions = history.versions.map((one) =>
    one.kind === 'snapshot' && one.name === 'a' ? {...one, clones: 'tank/c'} : one,
  )
  const cloned = {...history, versions}
  expect(onSender({sender: cloned, receiver: view('@c,3')})).toEqual(['1: cloned', '3: newest last-common'])
  expect(lines(protectOnReceiver(PUSH, view('@c,3'), cloned, []))).toEqual([
    '1: cloned',
    '3: newest last-common',
  ])
  expect(lines(protectAlone(cloned))).toEqual(['1: cloned', '3: newest'])
  expect(lines(protectGone(cloned))).toEqual(['1: cloned', '3: newest'])
})
