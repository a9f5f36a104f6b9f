import {describe, expect, test} from 'vitest'
import type {NonEmpty} from '../../../src/lib/core/assert.ts'
import type {Candidate} from '../../../src/lib/prune/candidate.ts'
import {judge, type ProtectedGuids, type Verdict} from '../../../src/lib/prune/judge.ts'
import type {KeepRule} from '../../../src/lib/prune/keep-rule.ts'
import type {Snapshot} from '../../../src/lib/zfs/version.ts'
import {snapshots, sublists} from '../../versions.ts'
import {grid, lastN, notReplicated, regex} from './rules.ts'

const NOW = 1e12
const NONE: ProtectedGuids = new Map()

function candidates(list: readonly Snapshot[], replicatedUpTo = 0): readonly Candidate[] {
  return list.map((snapshot) => ({
    snapshot,
    replicated: Number(snapshot.createtxg) <= replicatedUpTo,
    atCursor: Number(snapshot.createtxg) === replicatedUpTo,
  }))
}

function destroyed(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts.flatMap(({kind, snapshot}) => (kind === 'destroy' ? [snapshot.name] : []))
}

function destroyedBy(rules: NonEmpty<KeepRule>, history: string, replicatedUpTo?: number): readonly string[] {
  return destroyed(judge(candidates(snapshots(history), replicatedUpTo), rules, NONE, NOW))
}

describe('last_n', () => {
  const DATED = '@1,1,1,10 @2,2,2,20 @3,3,3,15 @4,4,4,30 @5,5,5,30'
  const AB = '@a1,1 @b1,2 @a2,3 @b2,4 @a3,5 @b3,6'
  test.each<[NonEmpty<KeepRule>, string, readonly string[]]>([
    [[lastN(2)], DATED, ['1', '2', '3']],
    [[lastN(1)], DATED, ['1', '2', '3', '4']],
    [[lastN(5)], DATED, []],
    [[lastN(2, '^a'), lastN(2, '^b')], AB, ['a1', 'b1']],
    [[lastN(4, 'a')], '@a1,1 @b1,2 @a2,3', ['b1']],
  ])('%j of %s destroys %j', (rules, history, expected) => {
    expect(destroyedBy(rules, history)).toEqual(expected)
  })
})

describe('regex', () => {
  test.each<[NonEmpty<KeepRule>, readonly string[]]>([
    [[regex('^manual')], ['zrepl_1', 'x_manual']],
    [[regex('manual')], ['zrepl_1']],
    [[regex('^zrepl_', true)], ['zrepl_1']],
    [[regex('(?i)MANUAL$')], ['zrepl_1']],
    [[regex('^manual'), regex('^zrepl')], ['x_manual']],
  ])('%j', (rules, expected) => {
    expect(destroyedBy(rules, '@manual,1 @zrepl_1,2 @x_manual,3')).toEqual(expected)
  })
})

describe('not_replicated', () => {
  const ABCD = '@a,1 @b,2 @c,3 @d,4'
  test.each<[NonEmpty<KeepRule>, number, readonly string[]]>([
    [[notReplicated()], 3, ['a', 'b']],
    [[notReplicated(false)], 3, ['a', 'b', 'c']],
    [[notReplicated()], 0, []],
    // The option concerns its own rule only; zrepl lets it act on all.
    [[notReplicated(false), notReplicated(true)], 3, ['a', 'b']],
    [[notReplicated(false), regex('^c')], 3, ['a', 'b']],
    [[notReplicated(false), lastN(2)], 3, ['a', 'b']],
  ])('%j, replicated up to %d, destroys %j', (rules, replicatedUpTo, expected) => {
    expect(destroyedBy(rules, ABCD, replicatedUpTo)).toEqual(expected)
  })
})

describe('reasons', () => {
  const [a, b, c] = snapshots('@a,1 @b,2 @c,3')
  const keepC = lastN(1)
  const keepManual = regex('^manual')

  test('everything that keeps a snapshot is told, protection first', () => {
    const protectC: ProtectedGuids = new Map(
      c === undefined ? [] : [[c.guid, [{kind: 'newest'}, {kind: 'last-common'}]]],
    )
    const verdicts = judge(
      candidates([a, b, c].filter((one) => one !== undefined)),
      [keepC, keepManual],
      protectC,
      NOW,
    )
    expect(verdicts[2]).toEqual({
      kind: 'keep',
      snapshot: c,
      because: [{kind: 'newest'}, {kind: 'last-common'}, {kind: 'rule', rule: keepC}],
    })
  })

  test('every rule tells why it does not keep one', () => {
    const [first] = judge(
      candidates([a, c].filter((one) => one !== undefined)),
      [keepC, keepManual],
      NONE,
      NOW,
    )
    expect(first).toEqual({
      kind: 'destroy',
      snapshot: a,
      because: [
        {kind: 'rule', rule: keepC, miss: 'not-among-newest'},
        {kind: 'rule', rule: keepManual, miss: 'no-match'},
      ],
    })
  })

  test('one snapshot always stays, the newest by createtxg', () => {
    const list = snapshots('@c,3,3,5 @a,1,1,9 @b,2,2,7')
    const verdicts = judge(candidates(list), [regex('^never$')], NONE, NOW)
    expect(verdicts.map(({kind}) => kind)).toEqual(['keep', 'destroy', 'destroy'])
    expect(verdicts[0]?.because).toEqual([{kind: 'last-one'}])
  })

  test('no snapshots, no verdicts', () => {
    expect(judge([], [keepC], NONE, NOW)).toEqual([])
  })
})

describe('all small worlds', () => {
  const UNIVERSE = snapshots('@z1,1,1,100 @m1,2,2,3700 @z2,3,3,3650 @z3,4,4,7300 @m2,5,5,7300')
  const RULES: readonly KeepRule[] = [
    lastN(1),
    lastN(2, '^z'),
    grid('1x1h(keep=all)|2x1h', '^z'),
    grid('2x1h'),
    regex('^m1'),
    notReplicated(false),
  ]
  const RULE_SETS = sublists(RULES).flatMap(([first, ...rest]): NonEmpty<KeepRule>[] =>
    first === undefined ? [] : [[first, ...rest]],
  )
  const PROTECTED = sublists(UNIVERSE)
    .filter(({length}) => length <= 2)
    .map((list): ProtectedGuids => new Map(list.map(({guid}) => [guid, [{kind: 'last-common'}]])))

  test.each(RULE_SETS.map((rules) => [rules.map(({type}) => type).join(' + '), rules] as const))(
    '%s',
    (_, rules) => {
      for (const list of sublists(UNIVERSE)) {
        for (const kept of PROTECTED) {
          const input = candidates(list, 3)
          const verdicts = judge(input, rules, kept, NOW)
          expect(verdicts.map(({snapshot}) => snapshot)).toEqual([...list])
          if (list.length > 0 && destroyed(verdicts).length === list.length) expect.fail('nothing stays')
          for (const {kind, snapshot} of verdicts) {
            if (kind === 'destroy' && kept.has(snapshot.guid)) expect.fail(`${snapshot.name} is protected`)
          }
        }
      }
    },
  )

  test('the same input gives the same verdicts, in whatever order it comes', () => {
    for (const rules of RULE_SETS) {
      const input = candidates(UNIVERSE, 3)
      expect(judge(input, rules, NONE, NOW)).toEqual(judge(input, rules, NONE, NOW))
      expect(judge(input.toReversed(), rules, NONE, NOW).toReversed()).toEqual(judge(input, rules, NONE, NOW))
    }
  })

  test('a snapshot that no rule matches changes nothing for the others (I9)', () => {
    const matching: readonly NonEmpty<KeepRule>[] = [
      [lastN(2, '^z')],
      [grid('1x1h(keep=all)|2x1h', '^z')],
      [regex('^z')],
      [lastN(1, '^m'), grid('2x1h', '^z')],
    ]
    const [foreign] = snapshots('@other,99,99,999999')
    for (const rules of matching) {
      for (const list of sublists(UNIVERSE)) {
        const before = keptByRules(judge(candidates(list), rules, NONE, NOW))
        const after = keptByRules(
          judge(candidates([...list, ...(foreign === undefined ? [] : [foreign])]), rules, NONE, NOW),
        )
        expect(after).toEqual(before)
      }
    }
  })

  test('another rule never takes a snapshot away', () => {
    for (const rules of RULE_SETS) {
      const before = keptByRules(judge(candidates(UNIVERSE, 3), rules, NONE, NOW))
      for (const more of RULES) {
        expect(keptByRules(judge(candidates(UNIVERSE, 3), [...rules, more], NONE, NOW))).toEqual(
          expect.arrayContaining([...before]),
        )
      }
    }
  })

  /** Without the last resort, which looks at all. */
  function keptByRules(verdicts: readonly Verdict[]): readonly string[] {
    return verdicts.flatMap((verdict) =>
      verdict.kind === 'keep' && verdict.because[0].kind !== 'last-one' ? [verdict.snapshot.name] : [],
    )
  }
})
