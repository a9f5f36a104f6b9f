import {expect, test} from 'vitest'
import {parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import {readHolds} from '../../../src/lib/zfs/read-holds.ts'

const SNAPSHOTS = ['tank/a@1', 'tank/a b@ 2', 'tank/a@3'].map(parseSnapshotName)
const TIME = 'Thu Jan  1  0:00 1970'

test('tags by snapshot, with text or numbers for the time', () => {
  const stdout = `tank/a@1\tzrepl_STEP_J_a b\t${TIME}\ntank/a b@ 2\tkeep\t1767225600\ntank/a@1\t-x\t${TIME}`
  expect(Array.from(readHolds(stdout, SNAPSHOTS))).toEqual([
    ['tank/a@1', ['zrepl_STEP_J_a b', '-x']],
    ['tank/a b@ 2', ['keep']],
  ])
})

test('no holds, no entries', () => expect(readHolds('', SNAPSHOTS).size).toBe(0))

test('tags of others do not stop us, whatever they are', () => {
  const stdout = `tank/a@1\t.send-1-2\t${TIME}\ntank/a@1\tb\u00fc\t${TIME}\ntank/a@1\t${'x'.repeat(300)}\t${TIME}\n`
  expect(readHolds(stdout, SNAPSHOTS).get(parseSnapshotName('tank/a@1'))).toEqual([
    '\\x2esend-1-2\\',
    'b\\xfc\\',
    `${'x'.repeat(254)}\\`,
  ])
})

test.each([
  ['a snapshot that was not asked for', `tank/a@2\tx\t${TIME}\n`, 'not asked for'],
  ['a dataset', `tank/a\tx\t${TIME}\n`, 'not asked for'],
  ['a header', `NAME\tTAG\tTIMESTAMP\n`, 'not asked for'],
  ['a hold twice', `tank/a@1\tx\t${TIME}\ntank/a@1\tx\t${TIME}\n`, 'listed twice'],
  ['no tag', `tank/a@1\t\t${TIME}\n`, 'empty'],
  ['no time', 'tank/a@1\tx\t\n', 'without a time'],
  ['two fields', 'tank/a@1\tx\n', 'not 3 fields'],
  ['four fields', `tank/a@1\tx\ty\t${TIME}\n`, 'not 3 fields'],
  ['blanks instead of tabs', `tank/a@1  x  ${TIME}\n`, 'not 3 fields'],
  ['a message', 'no datasets available\n', 'not 3 fields'],
  ['a carriage return', `tank/a@1\tx\t${TIME}\r\n`, 'carriage return'],
])('%s is refused', (_, stdout, why) => expect(() => readHolds(stdout, SNAPSHOTS)).toThrow(why))
