import {expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {
  type Conflict,
  describeConflict,
  type LeftAlone,
  type Obstacle,
} from '../../../src/lib/plan/conflict.ts'
import {diffVersions} from '../../../src/lib/plan/diff.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import type {Snapshot} from '../../../src/lib/zfs/version.ts'
import {snapshots, versions} from '../../versions.ts'
import {cursor} from './views.ts'

const [A] = snapshots('@a,1') as [Snapshot]

/** The conflict between two histories. */
function between(sender: string, receiver: string): Conflict {
  const diff = diffVersions(versions(sender), versions(receiver))
  return diff.kind === 'conflict' ? diff.conflict : expect.fail(`no conflict but ${diff.kind}`)
}

test('diverged: both sides, the last common version, the remedies', () => {
  expect(describeConflict(between('@a,1 @b,2 @x,3', '@a,1 @b,2 @y,9 @z,10'))).toEqual({
    message:
      "the receiver's newest snapshot @z is not on the sender; last common: @b; only on the sender: @x; only on the receiver: @y @z",
    hint: "if the receiver's newer snapshots may go, roll it back to the last common one (zfs rollback -r); if not, rename the receiver's copy (zfs rename) and the filesystem is replicated afresh (conflict_resolution.diverged: rename-aside does so where nothing lies below the copy)",
  })
})

test('no common version: probably recreated', () => {
  const {message, hint} = describeConflict(between('@a,1 #b,2', '@x,8 @y,9'))
  expect(message).toBe('no common snapshot or bookmark; sender: @a #b; receiver: @x @y')
  expect(hint).toContain('destroyed and created again')
  expect(hint).toContain('zfs rename')
})

test('no common version, but a cursor: this filesystem was replicated before', () => {
  const {hint} = describeConflict(between(`@a,1 ${cursor(2)} @c,3`, '@x,8'))
  expect(hint).toContain('was replicated up to #zrepl_CURSOR_G_0000000000000002_J_push')
  expect(hint).toContain('is it the right receiver?')
})

test.each<[LeftAlone['because'], string, string]>([
  [
    {kind: 'of-another-job', job: parseJobId('other')},
    'it carries zrepl_last_received_J_other, so that job receives it',
    'give each job a root_fs of its own; if there is no such job any more, release what it has left (zrepl zfs-abstraction release-all --job other --dry-run on the receiver)',
  ],
  [
    {kind: 'not-received', job: parseJobId('sink')},
    'it does not carry zrepl_last_received_J_sink, so this job has not received it',
    "who has put it there? If it is not needed in its place, rename the receiver's copy (zfs rename) and the filesystem is replicated afresh",
  ],
  [
    {kind: 'taken-over', version: A, aside: parseDatasetName('tank/a_diverged_0000000000000001')},
    "the one with @a, which this sender has, was set aside as 'tank/a_diverged_0000000000000001' before, so another sender replicates to the same place",
    "give each host a client_identity, each pull job a root_fs of its own; if there is no other sender any more, rename the receiver's copy (zfs rename) and the filesystem is replicated afresh",
  ],
])('a copy that is left alone although it has parted: %o', (because, why, hint) => {
  const parted = between('@a,1', '@y,2')
  if (parted.kind !== 'no-common-ancestor') throw new Error(parted.kind)
  expect(describeConflict({kind: 'left-alone', parted, because})).toEqual({
    message: `no common snapshot or bookmark; sender: @a; receiver: @y; the copy is not set aside: ${why}`,
    hint,
  })
})

test('nothing to send', () => {
  expect(describeConflict(between('#a,1', '')).message).toBe(
    'no snapshots on the sender to replicate; sender: #a; receiver: none',
  )
})

test('a name that is taken shows both guids', () => {
  expect(describeConflict(between('@a,1 @x,2', '@x,9,1 @a,1,2')).message).toBe(
    'the receiver has another snapshot named @x: guid 9 there, 2 on the sender',
  )
})

test('long histories are cut to the newest', () => {
  const long = Array.from({length: 1000}, (_, index) => `@s${index},${index + 1}`).join(' ')
  expect(describeConflict(between(long, '@x,5000')).message).toBe(
    'no common snapshot or bookmark; sender: (994 older) @s994 @s995 @s996 @s997 @s998 @s999; receiver: @x',
  )
})

test('a first replication of which nothing is selected', () => {
  const diff = diffVersions(versions('@a,1'), [], () => false)
  expect(diff.kind === 'conflict' && describeConflict(diff.conflict).message).toBe(
    'replication.snapshots selects none of its snapshots for a first replication; sender: @a; receiver: none',
  )
})

const SIDES = {sender: versions('@a,1 #b,2'), receiver: snapshots('@x,8 @y,9')}
const [LAST] = snapshots('@a,1')

test.each<[string, Obstacle | undefined, string, string]>([
  ['disabled', {kind: 'initial-replication-disabled'}, 'initial_replication is fail', 'most_recent or all'],
  ['placeholder here', {kind: 'sender-is-placeholder'}, 'a placeholder on the sender', 'exclude it'],
  ['occupied', {kind: 'receiver-occupied'}, 'without any snapshot', 'never overwrites'],
  [
    'snapshots on a placeholder',
    {kind: 'placeholder-has-snapshots'},
    'has snapshots there',
    'zrepl:placeholder=off',
  ],
  [
    'a placeholder that is encrypted',
    {kind: 'placeholder-irreplaceable', encrypted: true},
    'an encrypted placeholder on the receiver, and OpenZFS does not replace it with a received filesystem',
    'zfs destroy',
  ],
  [
    'a placeholder for what is encrypted',
    {kind: 'placeholder-irreplaceable', encrypted: false},
    'a placeholder that is not encrypted on the receiver, and OpenZFS does not replace it with an encrypted one',
    'zfs destroy',
  ],
  [
    'changed there',
    LAST && {kind: 'modified', last: LAST, written: 14_336n},
    'changed after its newest snapshot @a: 14 KiB written',
    'readonly=on',
  ],
  [
    'another type',
    {kind: 'type-differs', sent: 'volume', present: 'filesystem'},
    'a volume on the sender, but a filesystem',
    'zfs rename',
  ],
])('%s: what is in the way, both histories, the remedy', (_, obstacle, message, hint) => {
  const described = obstacle && describeConflict({...obstacle, ...SIDES})
  expect(described?.message).toContain(message)
  expect(described?.message).toMatch(/; sender: @a #b; receiver: @x @y$/)
  expect(described?.hint).toContain(hint)
})
