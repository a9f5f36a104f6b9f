import {expect, test} from 'vitest'
import {
  formatAbstraction,
  fullPathOf,
  readBookmarkAbstraction,
  readHeldAbstraction,
} from '../../../src/lib/abstraction/abstraction.ts'
import {foundHoldTag} from '../../../src/lib/zfs/name.ts'
import {bookmarkAt, ours, snapshotAt} from '../upkeep/ours.ts'

test.each([
  ['step', 'step-hold "zrepl_STEP_J_job" on tank/a@s5'],
  ['last', 'last-received-hold "zrepl_last_received_J_job" on tank/a@s5'],
  ['cursor', 'replication-cursor-bookmark-v2 tank/a#zrepl_CURSOR_G_000000000000005f_J_job'],
  [
    'tentative',
    'tentative-replication-cursor-bookmark-v2 tank/a#zrepl_CURSORTENTATIVE__G_000000000000005f_J_job',
  ],
  ['v1', 'replication-cursor-bookmark-v1 tank/a#zrepl_replication_cursor'],
  ['rc', 'step-bookmark tank/a#zrepl_STEP_G_000000000000005f_J_job'],
])('%s is read, and written as zrepl writes it', (word, text) => {
  const abstraction = ours(`tank/a ${word} job 5`)
  expect(formatAbstraction(abstraction)).toBe(text)
  expect(text.endsWith(fullPathOf(abstraction))).toBe(true)
  expect(abstraction.jobId).toBe(word === 'v1' ? undefined : 'job')
})

test('what is not ours is not read', () => {
  for (const tag of ['keep', 'zrepl_STEP_J_', 'zrepl_last_received', '.send-1'])
    expect(readHeldAbstraction(snapshotAt('tank/a', '5'), foundHoldTag(tag))).toBeUndefined()
  for (const name of ['mine', 'zrepl_CURSOR_G_0000000000000060_J_job', 'zrepl_replication_cursor2'])
    expect(readBookmarkAbstraction(bookmarkAt('tank/a', name, '5'))).toBeUndefined()
})
