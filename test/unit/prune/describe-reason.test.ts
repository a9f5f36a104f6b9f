import {expect, test} from 'vitest'
import {
  describeDestroyReason,
  describeKeepReason,
  describeSkip,
  describeVerdict,
} from '../../../src/lib/prune/describe-reason.ts'
import {judge} from '../../../src/lib/prune/judge.ts'
import type {SkipReason} from '../../../src/lib/prune/judge-side.ts'
import type {DestroyReason, KeepReason} from '../../../src/lib/prune/reason.ts'
import {parseHoldTag} from '../../../src/lib/zfs/name.ts'
import {snapshots} from '../../versions.ts'
import {grid, lastN, notReplicated, regex} from './rules.ts'

test.each<[KeepReason, string]>([
  [{kind: 'rule', rule: grid('1x1h(keep=all) | 24x1h')}, 'kept by grid 1x1h(keep=all) | 24x1h'],
  [{kind: 'rule', rule: lastN(10)}, 'kept by last_n 10'],
  [{kind: 'rule', rule: lastN(10, '^zrepl_')}, "kept by last_n 10 of '^zrepl_'"],
  [{kind: 'rule', rule: regex('^manual')}, "kept by regex '^manual'"],
  [{kind: 'rule', rule: regex('^zrepl_', true)}, "kept by regex not '^zrepl_'"],
  [{kind: 'rule', rule: notReplicated()}, 'kept by not_replicated'],
  [
    {kind: 'rule', rule: notReplicated(), neverSent: true},
    'kept by not_replicated: it is never sent, because replication.snapshots does not select it',
  ],
  [{kind: 'newest'}, 'kept: newest snapshot'],
  [{kind: 'only'}, 'kept: only snapshot'],
  [{kind: 'last-one'}, 'kept: one snapshot always stays'],
  [{kind: 'last-common'}, 'kept: last common version'],
  [{kind: 'cursor'}, 'kept: the replication cursor stands at it'],
  [{kind: 'step', step: '@a -> @b'}, 'kept: needed by step @a -> @b'],
  [{kind: 'partial-receive'}, 'kept: needed to continue a partial receive'],
  [{kind: 'held', tags: [parseHoldTag('one'), parseHoldTag('two')]}, "kept: held by 'one', 'two'"],
  [{kind: 'held', tags: []}, 'kept: held'],
  [{kind: 'cloned', clones: 'tank/a,tank/\u001b b'}, 'kept: has a clone: tank/a,tank/\\x1b b'],
  [{kind: 'cloned', clones: 'tank/a/%recv'}, 'kept: an interrupted receive builds on it'],
  [{kind: 'unconfirmed'}, 'kept: not older than what is known to be replicated'],
])('%j: %s', (reason, expected) => {
  expect(describeKeepReason(reason)).toBe(expected)
})

test.each<[DestroyReason['miss'], string]>([
  ['no-match', 'last_n 1: no match'],
  ['too-old', 'last_n 1: too old'],
  ['bucket-full', 'last_n 1: older ones of its interval are kept'],
  ['not-among-newest', 'last_n 1: not among the newest'],
  ['not-first', 'last_n 1: not the first of its period'],
  ['replicated', 'last_n 1: replicated'],
])('%s: %s', (miss, expected) => {
  expect(describeDestroyReason({kind: 'rule', rule: lastN(1), miss})).toBe(expected)
})

test.each<[SkipReason, string]>([
  ['placeholder', 'it is a placeholder'],
  ['not-on-sender', 'it is not on the sender (any more)'],
  [
    'not-known-to-be-gone',
    'the sender does not show it, but does not say that it has no such dataset either: it may lie beside filesystems, or on a pool that is away',
  ],
  ['conflict', 'it is in conflict: nothing is destroyed until that is resolved'],
  ['replication-skipped', 'it is not replicated'],
  ['replication-failed', 'its replication has failed'],
])('%s: %s', (because, expected) => {
  expect(describeSkip(because)).toBe(expected)
})

test('a verdict is one line with all its reasons', () => {
  const [a, b] = snapshots('@a,1 @b,2')
  if (a === undefined || b === undefined) return expect.fail('two snapshots')
  const candidates = [a, b].map((snapshot) => ({snapshot, replicated: true, atCursor: false}))
  const verdicts = judge(candidates, [lastN(1), regex('^b')], new Map([[b.guid, [{kind: 'newest'}]]]), 0)
  expect(verdicts.map(describeVerdict)).toEqual([
    "destroyed: last_n 1: not among the newest; regex '^b': no match",
    "kept: newest snapshot; kept by last_n 1; kept by regex '^b'",
  ])
})
