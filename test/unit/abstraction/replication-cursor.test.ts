import {describe, expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {
  cursorName,
  isMisnamedCursor,
  readCursor,
  tentativeCursorName,
} from '../../../src/lib/abstraction/replication-cursor.ts'
import {parseCreatetxg, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {Bookmark} from '../../../src/lib/zfs/version.ts'

const GUID = parseGuid('10710134267608266841')
const HEX = '94a20a5f25877859'

function bookmark(name: string, guid = GUID): Bookmark {
  return {
    kind: 'bookmark',
    filesystem: parseDatasetName('tank/a'),
    name,
    guid,
    createtxg: parseCreatetxg('1'),
    creation: 0,
  }
}

describe('names on disk are those of zrepl', () => {
  test.each([
    [
      '10710134267608266841',
      'zrepl_CURSOR_G_94a20a5f25877859_J_job',
      'zrepl_CURSORTENTATIVE__G_94a20a5f25877859_J_job',
    ],
    [
      '4207829021',
      'zrepl_CURSOR_G_00000000face601d_J_job',
      'zrepl_CURSORTENTATIVE__G_00000000face601d_J_job',
    ],
    ['1', 'zrepl_CURSOR_G_0000000000000001_J_job', 'zrepl_CURSORTENTATIVE__G_0000000000000001_J_job'],
    [
      '18446744073709551615',
      'zrepl_CURSOR_G_ffffffffffffffff_J_job',
      'zrepl_CURSORTENTATIVE__G_ffffffffffffffff_J_job',
    ],
  ])('guid %s', (guid, cursor, tentative) => {
    expect(cursorName(parseGuid(guid), parseJobId('job'))).toBe(cursor)
    expect(tentativeCursorName(parseGuid(guid), parseJobId('job'))).toBe(tentative)
  })
})

describe('what was written is read again', () => {
  const jobs = [
    'a',
    'a_b',
    'a_J_b',
    'a_',
    'J_a',
    'a_J_',
    'G_',
    'a_G_b',
    'a b',
    'G_0123456789abcdef_J',
    'a_G_0123456789ABCDEF_J_b',
    'zrepl_CURSOR',
    'a'.repeat(203),
  ]
  test.each(jobs)('job %j', (job) => {
    const jobId = parseJobId(job)
    expect(readCursor(bookmark(cursorName(GUID, jobId)))).toEqual({kind: 'cursor', guid: GUID, jobId})
    expect(readCursor(bookmark(tentativeCursorName(GUID, jobId)))).toEqual({
      kind: 'tentative',
      guid: GUID,
      jobId,
    })
  })
})

describe('bookmarks of zrepl', () => {
  test.each([
    [`zrepl_STEP_G_${HEX}_J_job`, {kind: 'step-bookmark', guid: GUID, jobId: 'job'}],
    [`zrepl_STEP_bm_G_${HEX}_J_job`, {kind: 'step-bookmark', guid: GUID, jobId: 'job'}],
    ['zrepl_replication_cursor', {kind: 'v1'}],
  ])('%s', (name, expected) => expect(readCursor(bookmark(name))).toEqual(expected))
})

describe('bookmarks that are not', () => {
  test.each([
    ['mine'],
    ['zrepl_replication_cursor2'],
    ['zrepl_CURSOR'],
    [`zrepl_CURSOR_G_${HEX}`],
    [`zrepl_CURSOR_G_${HEX}_J_`],
    [`zrepl_CURSOR_G_${HEX.slice(1)}_J_job`],
    [`zrepl_CURSOR_G_0${HEX}_J_job`],
    [`zrepl_CURSOR_G_${HEX.toUpperCase()}_J_job`],
    ['zrepl_CURSOR_G_xxx_J_job'],
    [`zrepl_CURSOR__G_${HEX}_J_job`],
    [`zrepl_CURSORTENTATIVE_G_${HEX}_J_job`],
    [`zrepl_CUSORTENTATIVE_G_${HEX}_J_job`],
    [`xzrepl_CURSOR_G_${HEX}_J_job`],
    [`zrepl_cursor_G_${HEX}_J_job`],
    [`_G_${HEX}_J_job`],
    [`zrepl_CURSOR_G_${HEX}_J__internal`],
    // The last possible split counts, and what stands before it is not zrepl's.
    [`zrepl_CURSOR_G_${HEX}_J_a_G_${HEX}_J_b`],
    [`zrepl_CURSOR_G_${HEX}_J_G_${HEX}_J_b`],
  ])('%s', (name) => {
    expect(readCursor(bookmark(name))).toBeUndefined()
    expect(isMisnamedCursor(bookmark(name))).toBe(false)
  })

  test.each([['zrepl_CURSOR'], ['zrepl_CURSORTENTATIVE_'], ['zrepl_STEP']])(
    '%s at another guid than its name says',
    (prefix) => {
      const other = bookmark(`${prefix}_G_${HEX}_J_job`, parseGuid('7'))
      expect(readCursor(other)).toBeUndefined()
      expect(isMisnamedCursor(other)).toBe(true)
      expect(isMisnamedCursor(bookmark(other.name))).toBe(false)
    },
  )

  test('guid zero is nobody', () => {
    expect(readCursor(bookmark('zrepl_CURSOR_G_0000000000000000_J_job'))).toBeUndefined()
    expect(isMisnamedCursor(bookmark('zrepl_CURSOR_G_0000000000000000_J_job'))).toBe(false)
  })
})
