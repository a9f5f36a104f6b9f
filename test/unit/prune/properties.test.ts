import fc from 'fast-check'
import {expect, test} from 'vitest'
import type {NonEmpty} from '../../../src/lib/core/assert.ts'
import {judge, type ProtectedGuids, type Verdict} from '../../../src/lib/prune/judge.ts'
import type {KeepRule} from '../../../src/lib/prune/keep-rule.ts'
import {parseCreatetxg, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {Snapshot} from '../../../src/lib/zfs/version.ts'
import {calendar, grid, lastN, notReplicated, regex} from './rules.ts'

const TANK = parseDatasetName('tank/a')
const YEAR = 365 * 24 * 3600
const NOW_MS = 30 * YEAR * 1000

/** Names of three owners, dates in any order and partly in the future: what a pool may really hold. */
const history = fc
  .array(
    fc.record({
      owner: fc.constantFrom('auto_', 'manual_', 'other_'),
      creation: fc.oneof(fc.integer({min: 27 * YEAR, max: 30 * YEAR}), fc.integer({min: 0, max: 40 * YEAR})),
    }),
    {maxLength: 40},
  )
  .map((list) =>
    list.map(
      ({owner, creation}, index): Snapshot => ({
        kind: 'snapshot',
        filesystem: TANK,
        name: `${owner}${index}`,
        guid: parseGuid(String(index + 1)),
        createtxg: parseCreatetxg(String(index + 1)),
        creation,
        userrefs: 0,
      }),
    ),
  )

const count = fc.integer({min: 0, max: 6})
const pattern = fc.constantFrom('^auto_', '^manual_', '_1')
const rule: fc.Arbitrary<KeepRule> = fc.oneof(
  fc.tuple(fc.integer({min: 1, max: 6}), pattern).map(([n, regex]) => lastN(n, regex)),
  fc
    .tuple(fc.constantFrom('1x1h(keep=all)|24x1h|30x1d', '4x7d', '2x1d|6x30d(keep=2)'), pattern)
    .map(([spec, regex]) => grid(spec, regex)),
  fc
    .tuple(
      fc.record({hourly: count, daily: count, weekly: count, monthly: count, yearly: count}),
      fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
      pattern,
    )
    .map(([counts, zone, regex]) => calendar(counts, zone, regex)),
  pattern.map((source) => regex(source)),
  fc.boolean().map(notReplicated),
)
const rules = fc
  .tuple(rule, fc.array(rule, {maxLength: 2}))
  .map(([first, rest]): NonEmpty<KeepRule> => [first, ...rest])

function judged(
  list: readonly Snapshot[],
  by: NonEmpty<KeepRule>,
  {replicatedTo = 10, protect = []}: {replicatedTo?: number; protect?: readonly Snapshot[]} = {},
): readonly Verdict[] {
  const candidates = list.map((snapshot) => ({
    snapshot,
    replicated: Number(snapshot.createtxg) <= replicatedTo,
    atCursor: Number(snapshot.createtxg) === replicatedTo,
  }))
  const kept: ProtectedGuids = new Map(protect.map(({guid}) => [guid, [{kind: 'held', tags: []}]]))
  return judge(candidates, by, kept, NOW_MS)
}

/** What stays, without the last resort, which looks at all. */
function keptOf(verdicts: readonly Verdict[]): ReadonlySet<string> {
  return new Set(
    verdicts.flatMap((verdict) =>
      verdict.kind === 'keep' && verdict.because[0].kind !== 'last-one' ? [verdict.snapshot.name] : [],
    ),
  )
}

test('nothing is judged twice or left out, and something always stays', () => {
  fc.assert(
    fc.property(history, rules, (list, by) => {
      const verdicts = judged(list, by)
      expect(verdicts.map(({snapshot}) => snapshot)).toEqual(list)
      expect(verdicts.some(({kind}) => kind === 'keep')).toBe(list.length > 0)
    }),
  )
})

test('what is protected is never destroyed', () => {
  fc.assert(
    fc.property(history, rules, fc.func(fc.boolean()), (list, by, isProtected) => {
      const protect = list.filter(({name}) => isProtected(name))
      const kept = keptOf(judged(list, by, {protect}))
      expect(protect.filter(({name}) => !kept.has(name))).toEqual([])
    }),
  )
})

test('the same input, in whatever order it comes, has the same verdicts', () => {
  fc.assert(
    fc.property(history, rules, (list, by) => {
      expect(keptOf(judged(list.toReversed(), by))).toEqual(keptOf(judged(list, by)))
    }),
  )
})

test('a snapshot that no rule matches changes nothing for the others (I9)', () => {
  const matching = rules.filter((by) => by.every(({type}) => type !== 'not_replicated'))
  const named = (snapshot: Snapshot) => ({...snapshot, name: 'foreign', guid: parseGuid('999')})
  fc.assert(
    fc.property(history, matching, fc.nat(), (list, by, at) => {
      const one = list[at % Math.max(1, list.length)]
      fc.pre(one !== undefined)
      const foreign = {...named(one), createtxg: parseCreatetxg('999')}
      expect(keptOf(judged([...list, foreign], by))).toEqual(keptOf(judged(list, by)))
    }),
  )
})

test('one more rule never takes a snapshot away', () => {
  fc.assert(
    fc.property(history, rules, rule, (list, by, more) => {
      const after = keptOf(judged(list, [...by, more]))
      for (const name of keptOf(judged(list, by))) expect(after).toContain(name)
    }),
  )
})

test('a larger count never takes a snapshot away', () => {
  fc.assert(
    fc.property(history, fc.integer({min: 1, max: 6}), (list, n) => {
      const pairs: readonly [KeepRule, KeepRule][] = [
        [lastN(n), lastN(n + 1)],
        [calendar({daily: n}), calendar({daily: n + 1})],
        [calendar({monthly: n}), calendar({monthly: n + 1, daily: 1})],
      ]
      for (const [few, many] of pairs) {
        const more = keptOf(judged(list, [many]))
        for (const name of keptOf(judged(list, [few]))) expect(more).toContain(name)
      }
    }),
  )
})

test('pruning twice is pruning once: what stayed stays', () => {
  const stable = rules.filter((by) =>
    by.every(({type}) => type === 'calendar' || type === 'last_n' || type === 'regex'),
  )
  fc.assert(
    fc.property(history, stable, (list, by) => {
      const once = judged(list, by).flatMap(({kind, snapshot}) => (kind === 'keep' ? [snapshot] : []))
      expect(judged(once, by).filter(({kind}) => kind === 'destroy')).toEqual([])
    }),
  )
})
