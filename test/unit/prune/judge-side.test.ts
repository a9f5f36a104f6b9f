import {describe, expect, expectTypeOf, test} from 'vitest'
import type {EndpointView} from '../../../src/lib/endpoint/view.ts'
import type {Step} from '../../../src/lib/plan/step.ts'
import type {Candidate} from '../../../src/lib/prune/candidate.ts'
import {candidatesAlone, candidatesOnReceiver, candidatesOnSender} from '../../../src/lib/prune/candidates.ts'
import type {History} from '../../../src/lib/prune/history.ts'
import {
  type FilesystemJudgement,
  judgeAlone,
  judgeReceiver,
  judgeSender,
  type PruneQuestion,
} from '../../../src/lib/prune/judge-side.ts'
import {mayPrune, type OnConflict, type Standing} from '../../../src/lib/prune/may-prune.ts'
import {type DatasetName, parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {isBookmark, isSnapshot, type Version} from '../../../src/lib/zfs/version.ts'
import {sublists, versions} from '../../versions.ts'
import {cursor, PUSH, SINK, view} from '../plan/views.ts'
import {lastN, notReplicated, regex} from './rules.ts'

describe('what counts as replicated', () => {
  /** `+` replicated, `=` at the cursor, `!` never sent. */
  function marks(candidates: readonly Candidate[]): string {
    return candidates
      .map(
        ({snapshot, replicated, atCursor, neverSent}) =>
          `${snapshot.name}${replicated ? '+' : ''}${atCursor ? '=' : ''}${neverSent ? '!' : ''}`,
      )
      .join(' ')
  }

  test.each<[string, History, History | 'absent' | 'unknown', string]>([
    ['up to the last common version', view('@a,1 @b,2 @c,3'), view('@b,2'), 'a+ b+= c'],
    ['a common bookmark', view('@a,1 #b,2 @c,3'), view('@b,2'), 'a+ c'],
    ['nothing without one', view('@a,1 @b,2'), view('@x,9'), 'a b'],
    [
      'nothing where the receiver has nothing, whatever the cursor says',
      view(`@a,1 @b,2 ${cursor(2)}`),
      'absent',
      'a b',
    ],
    [
      'up to the newest cursor when the receiver is not known',
      view(`@a,1 @b,2 @c,3 ${cursor(1)} ${cursor(2)}`),
      'unknown',
      'a+ b+= c',
    ],
    ['not by another job’s cursor', view(`@a,1 ${cursor(1, 'other')}`), 'unknown', 'a'],
    [
      'the histories count, not the cursor',
      view(`@a,1 @b,2 @c,3 ${cursor(1)}`),
      view('@a,1 @b,2'),
      'a+ b+= c',
    ],
    ['in order of createtxg', view('@c,3 @a,1 @b,2'), view('@b,2'), 'a+ b+= c'],
  ])('on the sender: %s', (_, sender, receiver, expected) => {
    expect(marks(candidatesOnSender(sender, PUSH, receiver, () => true))).toBe(expected)
  })

  test.each<[string, History, History | 'absent' | 'unknown', string]>([
    ['not, however old it is', view('@a,1 @m,2 @b,3 @n,4'), view('@a,1 @b,3'), 'a+ m! b+= n!'],
    ['when the receiver has it nevertheless', view('@a,1 @m,2 @b,3'), view('@m,2,1 @b,3,2'), 'a+ m+ b+='],
    ['not by a snapshot of its name', view('@m,2 @b,3'), view('@m,9,1 @b,3,2'), 'm! b+='],
    ['not by a bookmark of the receiver', view('@m,2 @b,3'), view('#m,2,1 @b,3,2'), 'm! b+='],
    ['when it is the last common version', view('@a,1 @m,2 @n,3'), view('@a,1 @m,2'), 'a+ m+= n!'],
    ['not where the receiver has nothing', view('@a,1 @m,2'), 'absent', 'a m!'],
    [
      'only where the cursor stands when the receiver is not known',
      view(`@l,1 @a,2 @m,3 @b,4 ${cursor(3)}`),
      'unknown',
      'l! a+ m+= b',
    ],
  ])('on the sender, what is not selected: %s', (_, sender, receiver, expected) => {
    const isSelected = ({name}: {readonly name: string}) => name < 'l'
    expect(marks(candidatesOnSender(sender, PUSH, receiver, isSelected))).toBe(expected)
  })

  test.each<[string, History, History, string]>([
    ['what is older than the last common version', view('@a,1 @b,2 @c,3'), view('@a,1 @b,2'), 'a+ b'],
    ['nothing without one', view('@a,1'), view('@x,8 @y,9'), 'x y'],
    ['not what came after it', view('@a,1 @b,2'), view('@a,1,1 @b,2,2 @x,9,3'), 'a+ b x'],
  ])('on the receiver: %s', (_, sender, receiver, expected) => {
    expect(marks(candidatesOnReceiver(receiver, sender))).toBe(expected)
  })

  test('nothing where nothing is replicated', () => {
    expect(marks(candidatesAlone(view(`@a,1 @b,2 ${cursor(2)}`)))).toBe('a b')
  })
})

describe('how far may be pruned', () => {
  test.each<[Standing, OnConflict, string, string]>([
    ['done', 'keep', 'all', 'all'],
    ['pending', 'keep', 'all', 'all'],
    ['failed', 'keep', 'older-than-cursor', 'nothing'],
    ['unreachable', 'keep', 'older-than-cursor', 'nothing'],
    ['conflict', 'keep', 'nothing', 'nothing'],
    ['skipped', 'keep', 'nothing', 'nothing'],
    ['done', 'destroy', 'all', 'all'],
    ['failed', 'destroy', 'all', 'nothing'],
    ['unreachable', 'destroy', 'all', 'nothing'],
    ['conflict', 'destroy', 'nothing', 'nothing'],
  ])('%s, %s: sender %s, receiver %s', (standing, onConflict, sender, receiver) => {
    expect(mayPrune(standing, onConflict)).toEqual({sender, receiver})
  })
})

function question(
  sender: readonly History[],
  receiver: readonly History[] | 'unknown',
  more: Partial<PruneQuestion> = {},
): PruneQuestion {
  return {
    sender: {jobId: PUSH, filesystems: sender},
    receiver: receiver === 'unknown' ? 'unknown' : {jobId: SINK, filesystems: receiver},
    states: new Map(sender.map(({filesystem}) => [filesystem, {standing: 'done', steps: []}])),
    rules: [regex('^nothing$')],
    onConflict: 'keep',
    isSelected: () => true,
    goneAfterMs: undefined,
    agreed: false,
    running: new Map(),
    nowMs: 1e12,
    ...more,
  }
}

/** `tank/a: -a b` where `-` marks what is destroyed. */
function lines(judgements: readonly FilesystemJudgement[]): readonly string[] {
  return judgements.map((judgement) => {
    if (judgement.kind === 'skip') return `${judgement.filesystem}: skip, ${judgement.because}`
    const words = judgement.verdicts.map(
      ({kind, snapshot}) => `${kind === 'destroy' ? '-' : ''}${snapshot.name}`,
    )
    return `${judgement.filesystem}: ${words.join(' ')}`
  })
}

const ABC = '@a,1 @b,2 @c,3'

describe('the sender', () => {
  test('keeps what replication needs', () => {
    expect(lines(judgeSender(question([view(ABC)], [view('@a,1 @b,2')])))).toEqual(['tank/a: -a b c'])
    expect(lines(judgeSender(question([view(ABC)], [view(ABC)])))).toEqual(['tank/a: -a -b c'])
  })

  test('is pruned by its rules', () => {
    expect(
      lines(judgeSender(question([view(ABC)], [view('@a,1 @b,2')], {rules: [notReplicated(), regex('^a')]}))),
    ).toEqual(['tank/a: a b c'])
    expect(lines(judgeSender(question([view(ABC)], [view(ABC)], {rules: [lastN(2)]})))).toEqual([
      'tank/a: -a b c',
    ])
  })

  test('keeps by not_replicated what is never sent, and says why', () => {
    const asked = question([view('@m,1 @a,2 @n,3 @b,4')], [view('@a,2 @b,4')], {
      rules: [lastN(1), notReplicated()],
      isSelected: ({name}) => name < 'l',
    })
    const [judgement] = judgeSender(asked)
    expect(judgement && lines([judgement])).toEqual(['tank/a: m -a n b'])
    const because = judgement?.kind === 'judged' ? judgement.verdicts.map((verdict) => verdict.because) : []
    const neverSent = {kind: 'rule', rule: notReplicated(), neverSent: true}
    expect([because[0], because[2]]).toEqual([[neverSent], [neverSent]])
    expect(lines(judgeSender({...asked, rules: [lastN(1)]}))).toEqual(['tank/a: -m -a -n b'])
  })

  test('is skipped where it is a placeholder or in a conflict', () => {
    const sender = [
      view('', {name: 'tank', placeholder: true}),
      view(ABC, {name: 'tank/a'}),
      view(ABC, {name: 'tank/b'}),
    ]
    const states = new Map([
      [view('', {name: 'tank/a'}).filesystem, {standing: 'conflict', steps: []} as const],
      [view('', {name: 'tank/b'}).filesystem, {standing: 'skipped', steps: []} as const],
    ])
    expect(lines(judgeSender(question(sender, [], {states})))).toEqual([
      'tank: skip, placeholder',
      'tank/a: skip, conflict',
      'tank/b: skip, replication-skipped',
    ])
  })

  test('a filesystem nobody can tell about counts as failed', () => {
    expect(
      lines(judgeSender(question([view(`${ABC} ${cursor(2)}`)], [view(ABC)], {states: new Map()}))),
    ).toEqual(['tank/a: -a b c'])
  })

  test('is pruned behind the cursor when the receiver cannot be reached', () => {
    const sender = view(`${ABC} ${cursor(2)}`)
    const states = new Map([[sender.filesystem, {standing: 'unreachable', steps: []} as const]])
    expect(lines(judgeSender(question([sender], 'unknown', {states})))).toEqual(['tank/a: -a b c'])
    expect(lines(judgeSender(question([view(ABC)], 'unknown', {states})))).toEqual(['tank/a: a b c'])
    expect(lines(judgeSender(question([sender], 'unknown', {states, onConflict: 'destroy'})))).toEqual([
      'tank/a: -a -b c',
    ])
  })
})

describe('the receiver', () => {
  test('keeps what replication needs', () => {
    expect(lines(judgeReceiver(question([view(ABC)], [view('@a,1 @b,2')])))).toEqual(['tank/a: -a b'])
  })

  test('is skipped where the sender has no such filesystem: it is not emptied because the sender was', () => {
    expect(lines(judgeReceiver(question([], [view('@a,1 @b,2')])))).toEqual(['tank/a: skip, not-on-sender'])
  })

  test('is skipped where it is a placeholder', () => {
    expect(lines(judgeReceiver(question([view(ABC)], [view('', {placeholder: true})])))).toEqual([
      'tank/a: skip, placeholder',
    ])
  })

  test.each<[Standing, string]>([
    ['failed', 'replication-failed'],
    ['unreachable', 'replication-failed'],
    ['conflict', 'conflict'],
    ['skipped', 'replication-skipped'],
  ])('is skipped after %s, also when space is preferred', (standing, because) => {
    const states = new Map([[view('').filesystem, {standing, steps: []}]])
    for (const onConflict of ['keep', 'destroy'] as const) {
      expect(lines(judgeReceiver(question([view(ABC)], [view('@a,1 @b,2')], {states, onConflict})))).toEqual([
        `tank/a: skip, ${because}`,
      ])
    }
  })

  test('is not judged at all when it is not known', () => {
    expect(judgeReceiver(question([view(ABC)], 'unknown'))).toEqual([])
  })
})

describe('a copy that the sender does not show', () => {
  const OLD = {goneAfterMs: 1, nowMs: 10_000}
  const HELD = {c: 'somebody zrepl_last_received_J_sink'}
  const copy = (more: Parameters<typeof view>[1] = {}) => view(ABC, {name: 'tank/gone', holds: HELD, ...more})
  const absent = [copy().filesystem]
  const judged = (
    receiver: History,
    more: Partial<PruneQuestion>,
    told: readonly DatasetName[] | undefined = absent,
  ) =>
    lines(
      judgeReceiver({
        ...question([view(ABC)], [receiver], {...OLD, ...more}),
        sender: {jobId: PUSH, filesystems: [view(ABC)], ...(told === undefined ? {} : {absent: told})},
      }),
    )

  test('is pruned when the sender says that it has no such dataset', () => {
    expect(judged(copy(), {})).toEqual(['tank/gone: -a -b c'])
  })

  test('is left alone unless the sender says so, which is told where it makes a difference', () => {
    const other = [parseDatasetName('tank/other')]
    expect(judged(copy(), {}, [])).toEqual(['tank/gone: skip, not-known-to-be-gone'])
    expect(judged(copy(), {}, other)).toEqual(['tank/gone: skip, not-known-to-be-gone'])
    expect(judged(copy(), {rules: [regex('.')]}, other)).toEqual(['tank/gone: skip, not-on-sender'])
  })

  test('is left alone for ever where that is not wanted', () => {
    expect(judged(copy(), {goneAfterMs: undefined})).toEqual(['tank/gone: skip, not-on-sender'])
  })

  test.each<[string, History, Partial<PruneQuestion>?]>([
    ['is young', copy(), {goneAfterMs: 7000}],
    ['carries no hold', copy({holds: {}})],
    [
      'carries the hold of another job',
      copy({holds: {c: 'zrepl_last_received_J_sink2 zrepl_last_received_J_push'}}),
    ],
    ['carries another hold of this job', copy({holds: {c: 'zrepl_STEP_J_sink'}})],
  ])('is left alone when it %s, whatever the sender says', (_, receiver, more = {}) => {
    expect(judged(receiver, more)).toEqual(['tank/gone: skip, not-on-sender'])
  })

  test('is left alone when it was set aside, whatever the sender says', () => {
    const aside = copy({name: 'tank/gone_diverged_00000000000000ff'})
    expect(judged(aside, {}, [aside.filesystem])).toEqual([`${aside.filesystem}: skip, not-on-sender`])
  })

  test('is left alone when the sender shows nothing at all', () => {
    const nothing = {...question([], [copy()], OLD), sender: {jobId: PUSH, filesystems: [], absent}}
    expect(lines(judgeReceiver(nothing))).toEqual(['tank/gone: skip, not-on-sender'])
  })

  test('does not become one because the sender says that it is absent: what is shown is there', () => {
    const shown = {...question([copy()], [copy()], OLD), sender: {jobId: PUSH, filesystems: [copy()], absent}}
    expect(lines(judgeReceiver({...shown, states: new Map()}))).toEqual([
      'tank/gone: skip, replication-failed',
    ])
  })
})

test('an endpoint’s view and a plan’s steps fit as they are', () => {
  const asked = (sender: EndpointView, receiver: EndpointView, {filesystem, ...step}: Step): PruneQuestion =>
    question([], [], {sender, receiver, states: new Map([[filesystem, {standing: 'failed', steps: [step]}]])})
  expectTypeOf(asked).returns.toEqualTypeOf<PruneQuestion>()
})

test('a snap job keeps the newest', () => {
  expect(
    lines(
      judgeAlone(
        {jobId: PUSH, filesystems: [view(ABC), view('', {name: 'tank/p', placeholder: true})]},
        {rules: [regex('^nothing$')], agreed: false, running: new Map(), nowMs: 1e12},
      ),
    ),
  ).toEqual(['tank/a: -a -b c', 'tank/p: skip, placeholder'])
})

describe('all small worlds: pruning both sides as hard as possible', () => {
  const OURS = sublists(versions(`@a,1 @b,2 @c,3 ${cursor(1)} ${cursor(2)}`))
  const THEIRS = sublists(versions('@a,1,11 @b,2,12 @x,9,13 @c,3,14'))
  const standings: readonly Standing[] = ['done', 'pending', 'failed', 'unreachable', 'conflict', 'skipped']

  test.each(
    standings.flatMap((standing) =>
      (['keep', 'destroy'] as const).map((onConflict) => [standing, onConflict] as const),
    ),
  )('%s, %s', (standing, onConflict) => {
    for (const ours of OURS) {
      for (const theirs of THEIRS) {
        const sender = {...view(''), versions: ours}
        const receiver = {...view(''), versions: theirs}
        if (standing === 'unreachable' && !cursorIsTrue(ours, theirs, onConflict)) continue
        const states = new Map([[sender.filesystem, {standing, steps: []}]])
        const asked = question([sender], standing === 'unreachable' ? 'unknown' : [receiver], {
          states,
          onConflict,
        })
        const leftOurs = remaining(ours, judgeSender(asked))
        const leftTheirs = remaining(theirs, judgeReceiver(asked))
        checkInvariants(ours, theirs, leftOurs, leftTheirs)
        if (standing === 'conflict' || standing === 'skipped')
          expect([leftOurs, leftTheirs]).toEqual([ours, theirs])
        if (standing === 'failed' || standing === 'unreachable') expect(leftTheirs).toEqual(theirs)
      }
    }
  })

  /** The cursor is all we know: it is where the receiver is or, with holds that are respected anyway, was. */
  function cursorIsTrue(
    ours: readonly Version[],
    theirs: readonly Version[],
    onConflict: OnConflict,
  ): boolean {
    const newestCursor = ours.findLast(isBookmark)
    const newest = theirs.findLast(isSnapshot)
    const arrivedSince = ours.find(({guid}) => guid === newest?.guid)
    if (newestCursor === undefined || newestCursor.guid === newest?.guid) return true
    return (
      onConflict === 'keep' && arrivedSince !== undefined && arrivedSince.createtxg > newestCursor.createtxg
    )
  }

  function remaining(
    all: readonly Version[],
    [judgement]: readonly FilesystemJudgement[],
  ): readonly Version[] {
    if (judgement?.kind !== 'judged') return all
    const gone = judgement.verdicts.filter(({kind}) => kind === 'destroy').map(({snapshot}) => snapshot)
    return all.filter((version) => isBookmark(version) || !gone.includes(version))
  }

  function checkInvariants(
    ours: readonly Version[],
    theirs: readonly Version[],
    leftOurs: readonly Version[],
    leftTheirs: readonly Version[],
  ): void {
    // I1: if the receiver's newest was known to the sender, it still is, and is still there.
    const newest = theirs.filter(isSnapshot).at(-1)
    if (newest !== undefined) expect(leftTheirs).toContain(newest)
    const known = ours.some(({guid}) => guid === newest?.guid)
    expect(leftOurs.some(({guid}) => guid === newest?.guid)).toBe(known)
    // I1 for every common version that could become the newest again: the last one stays on both sides.
    const common = theirs
      .filter(isSnapshot)
      .findLast(({guid}) => ours.some((version) => version.guid === guid))
    if (common !== undefined) {
      expect(leftTheirs).toContain(common)
      expect(leftOurs.some(({guid}) => guid === common.guid)).toBe(true)
    }
    // I1b: what a cursor stands at is not destroyed on the receiver.
    const cursors = ours.filter(isBookmark).map(({guid}) => guid)
    for (const snapshot of theirs.filter(isSnapshot))
      if (cursors.includes(snapshot.guid)) expect(leftTheirs).toContain(snapshot)
    // I1c: no side is emptied.
    expect(leftOurs.some(isSnapshot)).toBe(ours.some(isSnapshot))
    expect(leftTheirs.some(isSnapshot)).toBe(theirs.some(isSnapshot))
    // The newest snapshot of each side stays.
    expect(leftOurs).toEqual(expect.arrayContaining(ours.filter(isSnapshot).slice(-1)))
  }
})
