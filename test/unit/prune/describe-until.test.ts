import {expect, test} from 'vitest'
import {describeUntil} from '../../../src/lib/prune/describe-until.ts'
import type {KeepRule} from '../../../src/lib/prune/keep-rule.ts'
import type {KeepReason} from '../../../src/lib/prune/reason.ts'
import {snapshots} from '../../versions.ts'
import {calendar, grid, lastN, notReplicated, regex} from './rules.ts'

const HOUR = 3600
/** Four, a day apart, from 1970-01-02 on. */
const LIST = snapshots([1, 2, 3, 4].map((day) => `@s${day},${day},${day},${day * 24 * HOUR}`).join(' '))

function until(reason: KeepReason, name: string): string {
  const candidates = LIST.map((snapshot) => ({
    snapshot,
    replicated: snapshot.name < 's3',
    atCursor: snapshot.name === 's2',
  }))
  const snapshot = LIST.find((one) => one.name === name)
  if (snapshot === undefined) throw new Error(name)
  return describeUntil(reason, snapshot, candidates)
}

test.each<[KeepRule, string, string]>([
  [lastN(3), 's2', 'until 1 newer one is taken'],
  [lastN(3), 's4', 'until 3 newer ones are taken'],
  [lastN(1, '^s2'), 's2', 'until 1 newer one is taken'],
  [
    grid('1x1h(keep=all)|3x1d'),
    's2',
    'as long as it is the oldest of its interval, at most until 1970-01-06T01:00Z',
  ],
  [calendar({daily: 5}), 's2', 'until 3 more days have a snapshot'],
  [calendar({daily: 5, monthly: 2}), 's1', 'until 2 more months have a snapshot'],
  [calendar({daily: 5, monthly: 2}), 's2', 'until 3 more days have a snapshot'],
  [regex('^s'), 's1', 'as long as the configuration has that rule'],
  [notReplicated(), 's2', 'until a newer one is replicated'],
  [notReplicated(), 's3', 'until it is replicated'],
])('%j keeps %s %s', (rule, name, expected) => {
  expect(until({kind: 'rule', rule}, name)).toBe(expected)
})

test('a snapshot of the last second there is has its end there, too', () => {
  const [snapshot] = snapshots('@end,1,1,8640000000000')
  if (snapshot === undefined) throw new Error('no snapshot')
  const rule = grid('3x1d')
  expect(describeUntil({kind: 'rule', rule}, snapshot, [{snapshot, replicated: true, atCursor: false}])).toBe(
    'as long as it is the oldest of its interval, at most until +275760-09-13T00:00Z',
  )
})

test.each<[KeepReason, string]>([
  [
    {kind: 'rule', rule: notReplicated(), neverSent: true},
    'as long as replication.snapshots does not select it',
  ],
  [{kind: 'newest'}, 'until there is a newer one'],
  [{kind: 'last-common'}, 'until a newer one is replicated'],
  [{kind: 'step', step: '@a -> @b'}, 'until that step is done'],
  [{kind: 'held', tags: []}, 'until the hold is released (zfs holds shows it)'],
  [{kind: 'cloned', clones: 'tank/c'}, 'until its clones are destroyed or promoted'],
  [{kind: 'unconfirmed'}, 'until replication works again'],
  [{kind: 'partial-receive'}, 'until it is continued or given up'],
])('%j: %s', (reason, expected) => {
  expect(until(reason, 's1')).toBe(expected)
})
