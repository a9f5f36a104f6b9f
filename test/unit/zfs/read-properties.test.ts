import {createHash} from 'node:crypto'
import {describe, expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {Dataset} from '../../../src/lib/zfs/dataset.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {readPlaceholderValue} from '../../../src/lib/zfs/placeholder.ts'
import {datasetProperties, readProperties} from '../../../src/lib/zfs/read-properties.ts'

const QUERY = {roots: [parseDatasetName('tank')], recursive: true}

type Printed = {
  readonly type?: string
  readonly token?: string
  readonly encryption?: string
  readonly keystatus?: string
  readonly written?: string
  /** Value and source; `null` where the command filtered the row out. */
  readonly placeholder?: readonly [string, string] | null
}

/** The rows of one dataset as `zfs get -s local,default,none` prints them. */
function rowsOf(name: string, printed: Printed = {}): string {
  const encryption = printed.encryption ?? 'off'
  const placeholder = printed.placeholder === undefined ? ['-', '-'] : printed.placeholder
  return [
    [name, 'type', printed.type ?? 'filesystem', '-'],
    [name, 'receive_resume_token', printed.token ?? '-', '-'],
    [name, 'encryption', encryption, encryption === 'off' ? 'default' : '-'],
    [name, 'keystatus', printed.keystatus ?? '-', '-'],
    [name, 'written', printed.written ?? '0', '-'],
    ...(placeholder === null ? [] : [[name, 'zrepl:placeholder', ...placeholder]]),
  ]
    .map((row) => `${row.join('\t')}\n`)
    .join('')
}

function thrownBy(stdout: string, query = QUERY): OperationalError {
  try {
    readProperties(stdout, query)
  } catch (error) {
    if (error instanceof OperationalError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const TANK: Dataset = {
  name: parseDatasetName('tank'),
  type: 'filesystem',
  placeholder: false,
  placeholderValue: undefined,
  resumeToken: undefined,
  encrypted: false,
  keyLoaded: false,
  written: 0n,
}

describe('a dataset is read', () => {
  test.each<[string, Printed, Partial<Dataset>]>([
    ['plain', {}, {}],
    ['volume', {type: 'volume'}, {type: 'volume'}],
    [
      'encrypted, with its key',
      {encryption: 'aes-256-gcm', keystatus: 'available'},
      {encrypted: true, keyLoaded: true},
    ],
    [
      'encrypted, without its key',
      {encryption: 'aes-256-gcm', keystatus: 'unavailable'},
      {encrypted: true, keyLoaded: false},
    ],
    ['written since its newest snapshot', {written: '18446744073709551615'}, {written: 2n ** 64n - 1n}],
    ['encryption unknown to the pool', {encryption: '-'}, {encrypted: false}],
    ['with a token', {token: '1-ab-c0-789c'}, {resumeToken: '1-ab-c0-789c'}],
    ['with an empty token, as some versions print none', {token: ''}, {resumeToken: undefined}],
    ['placeholder', {placeholder: ['on', 'local']}, {placeholder: true, placeholderValue: 'on'}],
    ['once a placeholder', {placeholder: ['off', 'local']}, {placeholderValue: 'off'}],
    [
      'with an inherited or received placeholder property, which is not printed',
      {placeholder: null},
      {placeholder: false},
    ],
    ['with a foreign value', {placeholder: ['yes', 'local']}, {placeholderValue: 'yes'}],
    ['with a value in capitals', {placeholder: ['ON', 'local']}, {placeholderValue: 'ON'}],
    [
      'placeholder of zrepl 0.0',
      {placeholder: [legacyValue('tank'), 'local']},
      {placeholder: true, placeholderValue: legacyValue('tank')},
    ],
    [
      'with the legacy value of another dataset',
      {placeholder: [legacyValue('tank/a'), 'local']},
      {placeholderValue: legacyValue('tank/a')},
    ],
  ])('%s', (_, printed, expected) => {
    expect(readProperties(rowsOf('tank', printed), QUERY).datasets).toEqual([{...TANK, ...expected}])
  })

  test('and another, in the order printed, names not trimmed', () => {
    const stdout =
      rowsOf('tank') +
      rowsOf('tank/a b ', {placeholder: null}) +
      rowsOf('tank/c', {placeholder: ['on', 'local']})
    expect(
      readProperties(stdout.trimEnd(), QUERY).datasets.map(({name, placeholder}) => [name, placeholder]),
    ).toEqual([
      ['tank', false],
      ['tank/a b ', false],
      ['tank/c', true],
    ])
  })

  test('encryption switched off on purpose has a local source', () => {
    const stdout = rowsOf('tank').replace('off\tdefault', 'off\tlocal')
    expect(readProperties(stdout, QUERY).datasets[0]?.encrypted).toBe(false)
  })

  test('with its bookmarks, where they were asked for', () => {
    const how = {snapshotsState: true, bookmarks: true}
    const rows = (name: string, values: readonly string[]) =>
      datasetProperties(how)
        .map((property, index) => `${name}\t${property}\t${values[index] ?? '-'}\t-\n`)
        .join('')
    const tank = rows('tank', ['filesystem', '-', '-', '-', '0', '1', '2', '-', '3', '4'])
    const bookmark = rows('tank#a b', [
      'bookmark',
      '-',
      '-',
      '-',
      '-',
      '18446744073709551615',
      '7',
      '-',
      '-',
      '5',
    ])
    const {datasets, bookmarks} = readProperties(tank + bookmark, QUERY, [], how)
    expect(datasets).toMatchObject([{name: 'tank', snapshotsState: {guid: '1', changedSeconds: 3}}])
    expect(bookmarks).toEqual([
      {
        kind: 'bookmark',
        filesystem: 'tank',
        name: 'a b',
        guid: '18446744073709551615',
        createtxg: 7n,
        creation: 5,
      },
    ])
    const refused = (stdout: string) => () => readProperties(stdout, QUERY, [], how)
    expect(refused(bookmark + tank + bookmark)).toThrow('listed twice')
    expect(refused(tank + bookmark.replace('\tbookmark\t', '\tvolume\t'))).toThrow('not a bookmark')
    expect(refused(tank + bookmark.replace('creation\t5', 'creation\tx'))).toThrow('bad creation')
    expect(refused(tank + bookmark.split('\n').slice(0, 9).join('\n'))).toThrow(
      "creation of 'tank#a b' is missing",
    )
    expect(refused(tank + bookmark.replaceAll('tank#', 'vault#'))).toThrow('this dataset was not asked for')
    expect(() => readProperties(tank + bookmark, QUERY, [], {snapshotsState: true})).toThrow()
  })

  test('nothing of nothing', () =>
    expect(readProperties('', {roots: [], recursive: true}).datasets).toEqual([]))

  test('a root may be missing if zfs said so', () => {
    const roots = ['tank', 'gone'].map(parseDatasetName)
    expect(readProperties(rowsOf('tank'), {roots, recursive: true}, ['gone']).datasets).toEqual([TANK])
  })
})

describe('what is refused', () => {
  const token = 'tank\treceive_resume_token\t-\t-\n'
  const encryption = 'tank\tencryption\toff\tdefault\n'
  test.each([
    ['nothing for a dataset that must be there', '', 'neither listed nor missing'],
    ['a root that is not printed', rowsOf('tank/a'), 'neither listed nor missing'],
    ['three fields', 'tank\ttype\tfilesystem\n', 'not 4 fields'],
    ['five fields', 'tank\ttype\tfilesystem\t-\t\n', 'not 4 fields'],
    ['a tab in a value', rowsOf('tank', {placeholder: ['a\tlocal', 'local']}), 'not 4 fields'],
    ['a line break in a value', rowsOf('tank', {placeholder: ['a\nb', 'local']}), 'not 4 fields'],
    ['no type', token + encryption, 'out of order'],
    ['no token', `tank\ttype\tfilesystem\t-\n${encryption}`, 'out of order'],
    ['no encryption', rowsOf('tank').replace(encryption, ''), 'out of order'],
    [
      'an unfinished dataset at the end',
      `tank\ttype\tfilesystem\t-\n${token}`,
      "encryption of 'tank' is missing",
    ],
    [
      'an unfinished dataset',
      `tank\ttype\tfilesystem\t-\n${rowsOf('tank/a')}`,
      "receive_resume_token of 'tank' is missing",
    ],
    ['a property twice', rowsOf('tank').replace(token, token + token), 'out of order'],
    ['a property that was not asked for', `${rowsOf('tank')}tank\tmountpoint\t/\tlocal\n`, 'out of order'],
    ['a dataset twice', rowsOf('tank') + rowsOf('tank/a') + rowsOf('tank'), 'listed twice'],
    ['a dataset twice in a row', rowsOf('tank') + rowsOf('tank'), 'out of order'],
    ['a received value', rowsOf('tank', {placeholder: ['on', 'received']}), 'source'],
    ['an inherited value', rowsOf('tank', {placeholder: ['on', 'inherited from tank']}), 'source'],
    ['a value without source', rowsOf('tank', {placeholder: ['on', '-']}), 'not local'],
    ['a default value', rowsOf('tank', {placeholder: ['on', 'default']}), 'not local'],
    ['a snapshot', rowsOf('tank', {type: 'snapshot'}), 'neither filesystem nor volume'],
    ['a snapshot name', rowsOf('tank@a'), 'not allowed'],
    ['a token with blanks', rowsOf('tank', {token: 'a b'}), 'bad receive_resume_token'],
    ['an encryption that is none', rowsOf('tank', {encryption: 'Off!'}), 'bad encryption'],
    ['another pool', rowsOf('tank2'), 'not asked for'],
  ])('%s', (_, stdout, why) => {
    const error = thrownBy(stdout)
    expect(error.code).toBe('zfs-output')
    expect(error.message).toContain(why)
  })

  test('children that were not asked for', () => {
    expect(thrownBy(rowsOf('tank') + rowsOf('tank/a'), {...QUERY, recursive: false}).message).toContain(
      'not asked for',
    )
  })

  test('carriage returns', () => {
    expect(thrownBy(rowsOf('tank').replaceAll('\n', '\r\n')).hint).toContain('ssh -T')
  })

  test.each([
    ['its placeholder row', 'x\tlocal\ntank/victim\tzrepl:placeholder\ton'],
    [
      'all its rows',
      `x\tlocal\n${rowsOf('tank/victim', {placeholder: ['on', 'local']}).replace(/\tlocal\n$/, '')}`,
    ],
  ])('a value that forges %s for a dataset that follows', (_, value) => {
    const stdout =
      rowsOf('tank', {placeholder: [value, 'local']}) + rowsOf('tank/victim', {placeholder: null})
    expect(thrownBy(stdout).code).toBe('zfs-output')
  })

  test('a value that forges all rows for a dataset that stands before', () => {
    const forged = rowsOf('tank/a', {placeholder: ['on', 'local']}).replace(/\tlocal\n$/, '')
    const stdout =
      rowsOf('tank') + rowsOf('tank/a') + rowsOf('tank/b', {placeholder: [`x\tlocal\n${forged}`, 'local']})
    expect(thrownBy(stdout).message).toContain('listed twice')
  })
})

test.each([
  ['on', 'on'],
  ['off', 'off'],
  [legacyValue('tank/a'), 'legacy'],
  ['74e7323cc3793189ff065f64884100b7492e0add42a38301b3e8929ec7e9e69c', 'legacy'],
  [legacyValue('tank/b'), 'foreign'],
  [legacyValue('tank/a').toUpperCase(), 'foreign'],
  ['', 'foreign'],
  ['-', 'foreign'],
])('zrepl:placeholder=%s of tank/a means %s', (value, state) => {
  expect(readPlaceholderValue(parseDatasetName('tank/a'), value)).toBe(state)
})

function legacyValue(dataset: string): string {
  return createHash('sha512-256').update(dataset).digest('hex')
}
