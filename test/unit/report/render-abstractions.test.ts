import {describe, expect, test} from 'vitest'
import {
  renderAbstractionJson,
  renderAbstractionTable,
  renderReleasedJson,
} from '../../../src/lib/report/render-abstractions.ts'
import {parseCreatetxg, parseGuid} from '../../../src/lib/zfs/name.ts'
import {ours} from '../upkeep/ours.ts'

const STEP = ours('tank/a step job 5')
const CURSOR = ours('tank/a cursor job 5')
const V1 = ours('tank/a v1 - 5')

test('the table: columns in line, nothing behind the last', () => {
  const lines = renderAbstractionTable([STEP, V1, CURSOR], undefined).split('\n')
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    ['TYPE', 'JOB', 'CREATION', 'VERSION', 'TAG'],
    ['step-hold', 'job', '2023-11-14T22:13:20Z', 'tank/a@s5', 'zrepl_STEP_J_job'],
    ['replication-cursor-bookmark-v1', '-', '2023-11-14T22:13:20Z', 'tank/a#zrepl_replication_cursor', '-'],
    [
      'replication-cursor-bookmark-v2',
      'job',
      '2023-11-14T22:13:20Z',
      'tank/a#zrepl_CURSOR_G_000000000000005f_J_job',
      '-',
    ],
    [''],
  ])
  const starts = lines.slice(0, 4).map((line) => line.search(/ (TAG|zrepl_STEP_J_job|-)$/))
  expect(new Set(starts).size).toBe(1)
  expect(renderAbstractionTable([], undefined)).toBe('')
})

test('jobs that are not configured are marked', () => {
  const line = (configured: ReadonlySet<string> | undefined) =>
    renderAbstractionTable([STEP], configured).split('\n')[1]
  expect(line(new Set(['job']))).toContain('  job  ')
  expect(line(new Set(['other']))).toContain('  job (not configured)  ')
})

describe('JSON', () => {
  test('of a hold', () => {
    expect(JSON.parse(renderAbstractionJson(STEP))).toEqual({
      Type: 'step-hold',
      FS: 'tank/a',
      Name: 'zrepl_STEP_J_job',
      FullPath: 'tank/a@s5',
      JobID: 'job',
      CreateTXG: 5,
      FilesystemVersion: {
        Type: 'snapshot',
        Name: 's5',
        Guid: 95,
        CreateTXG: 5,
        Creation: '2023-11-14T22:13:20Z',
        UserRefs: {Value: 1, Valid: true},
      },
      String: 'step-hold "zrepl_STEP_J_job" on tank/a@s5',
    })
  })

  test('of a bookmark without a job', () => {
    expect(JSON.parse(renderAbstractionJson(V1))).toMatchObject({
      Name: 'zrepl_replication_cursor',
      FullPath: 'tank/a#zrepl_replication_cursor',
      JobID: null,
      FilesystemVersion: {Type: 'bookmark', UserRefs: {Value: 0, Valid: false}},
      String: 'replication-cursor-bookmark-v1 tank/a#zrepl_replication_cursor',
    })
  })

  test('numbers beyond 2^53 keep all their digits', () => {
    const {version} = V1
    if (version.kind !== 'bookmark') throw new Error('a bookmark')
    const large = {
      ...version,
      guid: parseGuid('18446744073709551615'),
      createtxg: parseCreatetxg('9007199254740993'),
    }
    const json = renderAbstractionJson({
      type: 'replication-cursor-bookmark-v1',
      jobId: undefined,
      version: large,
    })
    expect(json).toContain('"Guid":18446744073709551615')
    expect(json).toContain('"CreateTXG":9007199254740993')
    expect(json).not.toContain('\n')
  })

  test('of what was released, or why not', () => {
    expect(JSON.parse(renderReleasedJson(STEP, undefined))).toMatchObject({
      Abstraction: {Type: 'step-hold'},
      DestroyErr: '',
    })
    expect(JSON.parse(renderReleasedJson(STEP, 'dataset is busy'))).toMatchObject({
      DestroyErr: 'dataset is busy',
    })
  })
})
