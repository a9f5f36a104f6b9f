import {expect, test} from 'vitest'
import {type Conflict, describeConflict} from '../../../src/lib/plan/conflict.ts'
import {diffVersions} from '../../../src/lib/plan/diff.ts'
import {snapshots, versions} from '../../versions.ts'
import {cursor} from './views.ts'

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

const [PLACEHOLDER_SNAPSHOT] = snapshots('@a,1')

test.each<[string, Conflict | undefined, string, string]>([
  ['disabled', {kind: 'initial-replication-disabled'}, 'initial_replication is fail', 'most_recent or all'],
  ['placeholder here', {kind: 'sender-is-placeholder'}, 'a placeholder on the sender', 'exclude it'],
  ['occupied', {kind: 'receiver-occupied'}, 'without any snapshot', 'never overwrites'],
  [
    'snapshots on a placeholder',
    PLACEHOLDER_SNAPSHOT && {kind: 'placeholder-has-snapshots', receiver: [PLACEHOLDER_SNAPSHOT]},
    'has snapshots there: @a',
    'zrepl:placeholder=off',
  ],
  [
    'changed there',
    PLACEHOLDER_SNAPSHOT && {kind: 'modified', last: PLACEHOLDER_SNAPSHOT, written: 14_336n},
    'changed after its newest snapshot @a: 14 KiB written',
    'readonly=on',
  ],
  [
    'another type',
    {kind: 'type-differs', sender: 'volume', receiver: 'filesystem'},
    'a volume on the sender, but a filesystem',
    'zfs rename',
  ],
])('%s', (_, conflict, message, hint) => {
  const described = conflict && describeConflict(conflict)
  expect(described?.message).toContain(message)
  expect(described?.hint).toContain(hint)
})
