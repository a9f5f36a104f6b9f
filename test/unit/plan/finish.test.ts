import {describe, expect, test} from 'vitest'
import {finishWork} from '../../../src/lib/plan/finish.ts'
import type {FilesystemView} from '../../../src/lib/plan/observation.ts'
import type {ReplicationPolicy} from '../../../src/lib/plan/policy.ts'
import {byCreatetxg} from '../../../src/lib/zfs/version.ts'
import {sublists} from '../../versions.ts'
import {cursor, PUSH, policy, SINK, tentative, view} from './views.ts'

const H = 'zrepl_STEP_J_push'
const L = 'zrepl_last_received_J_sink'

/** Both sides have `@a,1 @b,2`; `@b` is the last common version. */
function finish(sender: FilesystemView, receiver: FilesystemView, wanted: ReplicationPolicy = policy()) {
  const common = sender.versions.toSorted(byCreatetxg).findLast(({guid}) => guid === '2')
  if (common === undefined) return expect.fail('no common version')
  const work = finishWork(common, {jobId: PUSH, view: sender}, {jobId: SINK, view: receiver}, wanted)
  if (work === undefined) return 'nothing'
  expect(work.to).toBe(common)
  return [...(work.holdReceiver ? ['hold'] : []), ...(work.completeSender ? ['complete'] : [])].join(' and ')
}

const received = (holds: Readonly<Record<string, string>>) => view('@a,1 @b,2', {holds})
const done = received({b: L})

describe('kill points', () => {
  test.each<[string, FilesystemView, FilesystemView, string]>([
    ['a finished step', view(`@a,1 @b,2 ${cursor(2)}`), done, 'nothing'],
    [
      'K6: received, nothing else',
      view(`@a,1 @b,2 ${cursor(1)}`, {holds: {a: H, b: H}}),
      received({a: L}),
      'hold and complete',
    ],
    ['K6 of an initial step', view('@a,1 @b,2', {holds: {b: H}}), received({}), 'hold and complete'],
    [
      'K6 with tentative cursors',
      view(`@a,1 @b,2 ${cursor(1)} ${tentative(1)} ${tentative(2)}`),
      received({a: L}),
      'hold and complete',
    ],
    [
      'K7: both last-received holds',
      view(`@a,1 @b,2 ${cursor(1)}`, {holds: {a: H, b: H}}),
      received({a: L, b: L}),
      'hold and complete',
    ],
    ['K7 with the sender in order', view(`@a,1 @b,2 ${cursor(2)}`), received({a: L, b: L}), 'hold'],
    ['K8: held, cursor not moved', view(`@a,1 @b,2 ${cursor(1)}`, {holds: {a: H, b: H}}), done, 'complete'],
    [
      'K9: both cursors',
      view(`@a,1 @b,2 ${cursor(1)} ${cursor(2)}`, {holds: {a: H, b: H}}),
      done,
      'complete',
    ],
    ['K9 without holds', view(`@a,1 @b,2 ${cursor(1)} ${cursor(2)}`), done, 'complete'],
    ['K10: one step hold left', view(`@a,1 @b,2 ${cursor(2)}`, {holds: {a: H}}), done, 'complete'],
    ['K10: one tentative cursor left', view(`@a,1 @b,2 ${cursor(2)} ${tentative(1)}`), done, 'complete'],
    ['the cursor is gone', view('@a,1 @b,2'), done, 'complete'],
    ['the receiver’s hold is gone', view(`@a,1 @b,2 ${cursor(2)}`), received({}), 'hold'],
    ['the snapshot is gone, the cursor is not', view(`@a,1 ${cursor(2)}`), done, 'nothing'],
    ['the snapshot is gone, a tentative cursor is left', view(`@a,1 ${tentative(2)}`), done, 'complete'],
  ])('%s', (_, sender, receiver, expected) => {
    expect(finish(sender, receiver)).toBe(expected)
  })
})

describe('what is not ours is not looked at', () => {
  test.each<[string, FilesystemView, FilesystemView]>([
    [
      'another job’s cursors',
      view(`@a,1 @b,2 ${cursor(2)} ${cursor(1, 'other')} ${tentative(2, 'other')}`),
      done,
    ],
    [
      'another job’s holds',
      view(`@a,1 @b,2 ${cursor(2)}`, {holds: {a: 'zrepl_STEP_J_other', b: 'keep'}}),
      received({a: 'zrepl_last_received_J_other', b: L}),
    ],
    [
      'jobs whose names begin alike',
      view(`@a,1 @b,2 ${cursor(2)} ${cursor(1, 'push_2')}`, {holds: {a: `${H}_2`}}),
      received({a: `${L}_2`, b: L}),
    ],
    [
      'the sender’s tag on the receiver',
      view(`@a,1 @b,2 ${cursor(2)}`, {holds: {a: L}}),
      received({a: H, b: L}),
    ],
    [
      'a v1 cursor and a misnamed one',
      view(`@a,1 @b,2 ${cursor(2)} #zrepl_replication_cursor,1 ${cursor(1).replace(/,1$/, ',77')}`),
      done,
    ],
  ])('%s', (_, sender, receiver) => {
    expect(finish(sender, receiver)).toBe('nothing')
  })
})

describe('a cursor newer than the common version is left alone', () => {
  test('also when something else is left over', () => {
    expect(finish(view(`@a,1 @b,2 ${cursor(3)}`, {holds: {a: H}}), done)).toBe('nothing')
  })
  test('unless it is another job’s', () => {
    expect(finish(view(`@a,1 @b,2 ${cursor(3, 'other')}`), done)).toBe('complete')
  })
})

describe('guarantee_nothing', () => {
  const nothing = policy('most_recent', 'guarantee_nothing')
  const initialOnly = policy('most_recent', 'guarantee_resumability', 'guarantee_nothing')
  const incrementalOnly = policy('most_recent', 'guarantee_nothing', 'guarantee_resumability')

  test.each<[string, FilesystemView, FilesystemView, string]>([
    ['nothing left', view('@a,1 @b,2'), received({}), 'nothing'],
    ['in order as under another policy', view(`@a,1 @b,2 ${cursor(2)}`), done, 'nothing'],
    ['an old cursor', view(`@a,1 @b,2 ${cursor(1)}`), received({}), 'complete'],
    ['a step hold', view('@a,1 @b,2', {holds: {b: H}}), received({}), 'complete'],
    ['a tentative cursor', view(`@a,1 @b,2 ${tentative(2)}`), received({}), 'complete'],
    ['an old last-received hold', view('@a,1 @b,2'), received({a: L}), 'hold'],
  ])('%s', (_, sender, receiver, expected) => {
    for (const wanted of [nothing, initialOnly, incrementalOnly])
      expect(finish(sender, receiver, wanted)).toBe(expected)
  })

  test('is what the sender completes with, unless a bookmark is all that is left of the common version', () => {
    const leftover = {holds: {a: H}}
    expect(protectionOf(view('@a,1 @b,2', leftover), nothing)).toBe('guarantee_nothing')
    expect(protectionOf(view(`@a,1 ${cursor(2)}`, leftover), nothing)).toBe('guarantee_incremental')
    expect(protectionOf(view(`@a,1 ${cursor(2)}`, leftover), policy())).toBe('guarantee_resumability')
    expect(protectionOf(view('@a,1 @b,2', leftover), incrementalOnly)).toBe('guarantee_resumability')
  })

  function protectionOf(sender: FilesystemView, wanted: ReplicationPolicy) {
    const common = sender.versions.find(({guid}) => guid === '2') ?? expect.fail('no common version')
    return finishWork(common, {jobId: PUSH, view: sender}, {jobId: SINK, view: done}, wanted)?.protection
  }
})

describe('once the work is done, the next run has none (I11)', () => {
  const bookmarks = sublists([cursor(1), cursor(2), tentative(1), tentative(2), cursor(1, 'other')])
  const holds = sublists(['a', 'b'])
  const policies = [
    policy(),
    policy('most_recent', 'guarantee_nothing'),
    policy('most_recent', 'guarantee_incremental', 'guarantee_nothing'),
  ]

  test.each(policies.map((wanted) => [JSON.stringify(wanted.protection), wanted] as const))(
    '%s',
    (_, wanted) => {
      for (const snapshot of ['@b,2', '#foreign,2']) {
        for (const marks of bookmarks) {
          for (const held of holds) {
            for (const last of holds) {
              const sender = view(['@a,1', snapshot, ...marks].join(' '), {
                holds: Object.fromEntries(
                  held.filter((name) => name === 'a' || snapshot === '@b,2').map((name) => [name, H]),
                ),
              })
              const receiver = received(Object.fromEntries(last.map((name) => [name, L])))
              const after = perform(sender, receiver, wanted)
              expect(finish(after.sender, after.receiver, wanted)).toBe('nothing')
              expect(after.sender.versions.some(({guid}) => guid === '2')).toBe(true)
              expect(after.sender.versions.map(({name}) => name)).toEqual(
                expect.arrayContaining(
                  marks.filter((mark) => mark.includes('other')).map((mark) => mark.slice(1, -2)),
                ),
              )
            }
          }
        }
      }
    },
  )

  /** What endpoints do with the work. */
  function perform(sender: FilesystemView, receiver: FilesystemView, wanted: ReplicationPolicy) {
    const common =
      sender.versions.toSorted(byCreatetxg).findLast(({guid}) => guid === '2') ??
      expect.fail('no common version')
    const work = finishWork(common, {jobId: PUSH, view: sender}, {jobId: SINK, view: receiver}, wanted)
    const moved = work?.protection === 'guarantee_nothing' ? [] : view(cursor(2)).versions
    const kept = sender.versions.filter(({name}) => !name.endsWith('_J_push'))
    return {
      sender: work?.completeSender ? {...sender, versions: [...kept, ...moved], holds: new Map()} : sender,
      receiver: work?.holdReceiver ? done : receiver,
    }
  }
})
