import {describe, expect, test} from 'vitest'
import {unreachable} from '../../../src/lib/core/assert.ts'
import {type Diff, diffVersions} from '../../../src/lib/plan/diff.ts'
import {byCreatetxg, isSnapshot, shortName, type Version} from '../../../src/lib/zfs/version.ts'
import {sublists, versions} from '../../versions.ts'

// biome-ignore format: a table
test.each([
  // sender                        receiver                   expected
  ['@a,1 @b,2 @c,3 @d,4',          '@a,1 @b,2',               'incremental @b -> @c @d'],
  ['@a,1 @c,3 @d,4',               '@a,1 @b,2 @c,3',          'incremental @c -> @d'],
  ['@a,1 @b,2',                    '@a,1 @b,2',               'up-to-date @b'],
  ['@a,1 @b,2 @c,3',               '@c,3',                    'up-to-date @c'],
  ['@a,1',                         '',                        'initial @a'],
  ['@a,1 @b,2',                    '',                        'initial @a @b'],
  ['@a,1 @b,2',                    '#a,1',                    'initial @a @b'],
  ['#a,1 @b,2',                    '',                        'initial @b'],
  ['#a,1',                         '',                        'conflict no-sender-snapshots'],
  ['',                             '',                        'conflict no-sender-snapshots'],
  ['',                             '@a,1',                    'conflict no-sender-snapshots'],
  ['@a,1 @b2,3',                   '@a,1 @b1,2',              'conflict diverged: @a | @b2 | @b1'],
  ['@a,1 @x,3',                    '@a,1 @y,2',               'conflict diverged: @a | @x | @y'],
  ['#a,1',                         '@a,1 @b,2',               'conflict diverged: #a |  | @b'],
  ['@a,1 @b,2',                    '@x,7 @y,8',               'conflict no-common-ancestor'],
  ['#a,1',                         '@x,7',                    'conflict no-common-ancestor'],
  ['#a,1 @b,2',                    '@a,1',                    'incremental #a -> @b'],
  ['#a,1 #b,2 @c,3',               '@a,1',                    'incremental #a -> @c'],
  ['#a,1 @a,1 @b,2',               '@a,1',                    'incremental @a -> @b'],
  ['@a,1 #a,1 @b,2',               '@a,1',                    'incremental @a -> @b'],
  ['@a,1 @c,3',                    '@a,1 #b,2',               'incremental @a -> @c'],
  ['#a,1',                         '@a,1',                    'up-to-date #a'],
  // Names are local labels.
  ['@new,1 @b,2',                  '@old,1',                  'incremental @new -> @b'],
  // Equal guids are one version, however often they are listed.
  ['@a,1 @b,2,2 @b2,2,3 @c,3,4',   '@a,1',                    'incremental @a -> @b @c'],
  ['@a,1,1 @a2,1,2 @b,2,3',        '@a,1',                    'incremental @a2 -> @b'],
  // The sides' createtxg belong to different pools.
  ['@a,1,100 @b,2,200',            '@a,1,5000',               'incremental @a -> @b'],
  ['@a,1,100 @b,2,200 @c,3,300',   '@b,2,9 @a,1,10',          'incremental @a -> @c'],
  // A name of which the receiver has another snapshot cannot be received.
  ['@a,1 @x,2',                    '@x,9,1 @a,1,2',           'conflict name-taken @x: 2 | 9'],
  ['@a,1 @b,2 @x,3',               '@x,9,1 @a,1,2',           'conflict name-taken @x: 3 | 9'],
])('%s => %s is %s', (sender, receiver, expected) => {
  expect(describeDiff(diffVersions(versions(sender), versions(receiver)))).toBe(expected)
})

describe('all small histories', () => {
  const SENDER = sublists(versions('#a,1 @a,1 #b,2 @b,2 @c,3 @d,4'))
  const RECEIVER = sublists(versions('@a,1,11 @b,2,12 @x,9,13 @c,3,14 #d,4,15'))

  test.each(SENDER.map((sender) => [sender.map(shortName).join(' '), sender] as const))('%s', (_, sender) => {
    for (const receiver of RECEIVER) checkPromises(sender, receiver)
  })
})

function checkPromises(sender: readonly Version[], receiver: readonly Version[]): void {
  const diff = diffVersions(sender, receiver)
  const theirs = receiver.filter(isSnapshot)
  const newest = theirs.at(-1)
  const ourGuids = sender.map(({guid}) => guid)
  const theirGuids = theirs.map(({guid}) => guid)
  const newer = (version: Version) =>
    sender.filter(isSnapshot).filter(({createtxg}) => createtxg > version.createtxg)

  // The order in which versions are listed does not matter.
  expect(diffVersions(sender.toReversed(), receiver.toReversed())).toEqual(diff)

  switch (diff.kind) {
    case 'incremental':
      expect(diff.from.guid).toBe(newest?.guid)
      expect(sender).toContain(diff.from)
      expect(diff.missing).toEqual(newer(diff.from))
      expect(diff.missing.some(({guid}) => theirGuids.includes(guid))).toBe(false)
      expect(diff.missing).toEqual(diff.missing.toSorted(byCreatetxg))
      if (sender.some((version) => isSnapshot(version) && version.guid === diff.from.guid))
        expect(isSnapshot(diff.from)).toBe(true)
      // Once all is sent, nothing is left to do.
      expect(diffVersions(sender, [...receiver, ...diff.missing.map(received)]).kind).toBe('up-to-date')
      break
    case 'up-to-date':
      expect(diff.common.guid).toBe(newest?.guid)
      expect(newer(diff.common)).toEqual([])
      break
    case 'initial':
      expect(theirs).toEqual([])
      expect(diff.missing).toEqual(sender.filter(isSnapshot))
      break
    case 'conflict':
      checkConflict(diff.conflict.kind)
      break
    default:
      unreachable(diff)
  }

  function checkConflict(kind: string): void {
    const common = theirs.findLast(({guid}) => ourGuids.includes(guid))
    const expected =
      sender.length === 0 || (theirs.length === 0 && !sender.some(isSnapshot))
        ? 'no-sender-snapshots'
        : common === undefined
          ? 'no-common-ancestor'
          : 'diverged'
    expect(kind).toBe(expected)
    if (kind === 'diverged') expect(common).not.toBe(newest)
  }
}

function received(version: Version): Version {
  return {...version, createtxg: (version.createtxg + 100n) as Version['createtxg']}
}

function describeDiff(diff: Diff): string {
  const list = (versions: readonly Version[]) => versions.map(shortName).join(' ')
  switch (diff.kind) {
    case 'up-to-date':
      return `up-to-date ${shortName(diff.common)}`
    case 'incremental':
      return `incremental ${shortName(diff.from)} -> ${list(diff.missing)}`
    case 'initial':
      return `initial ${list(diff.missing)}`
    case 'conflict':
      return `conflict ${describeConflict(diff.conflict)}`
    default:
      return unreachable(diff)
  }

  function describeConflict(conflict: Extract<Diff, {kind: 'conflict'}>['conflict']): string {
    switch (conflict.kind) {
      case 'diverged':
        return `diverged: ${shortName(conflict.common)} | ${list(conflict.senderOnly)} | ${list(conflict.receiverOnly)}`
      case 'name-taken':
        return `name-taken ${shortName(conflict.wanted)}: ${conflict.wanted.guid} | ${conflict.taken.guid}`
      default:
        return conflict.kind
    }
  }
}
