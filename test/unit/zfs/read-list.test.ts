import {describe, expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {ListQuery} from '../../../src/lib/zfs/client.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {createListReader} from '../../../src/lib/zfs/read-list.ts'
import {isSnapshot, shortName} from '../../../src/lib/zfs/version.ts'
import {readList} from './list-text.ts'

function below(...roots: readonly string[]): ListQuery {
  return {roots: roots.map(parseDatasetName), recursive: true}
}

function exactly(...roots: readonly string[]): ListQuery {
  return {roots: roots.map(parseDatasetName), recursive: false}
}

/** Rows written as `name guid createtxg creation userrefs`, perhaps with `clones`, separated by `|`; names without blanks. */
function rows(text: string): string {
  return text
    .split('|')
    .map((row) => row.trim().split(' '))
    .map((fields) => `${(fields.length === 5 ? [...fields, '-'] : fields).join('\t')}\n`)
    .join('')
}

function thrownBy(stdout: string, query = below('tank')): OperationalError {
  try {
    readList(stdout, query)
  } catch (error) {
    if (error instanceof OperationalError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('what is listed', () => {
  test('is grouped by dataset, in order of createtxg, a bookmark before its snapshot', () => {
    const stdout = rows(
      'tank/a@2 22 20 200 0 | tank@1 11 10 100 3 | tank/a#1 21 10 100 - | tank/a@1 21 10 100 1 | tank/a#2 22 20 200 -',
    )
    const list = readList(stdout, below('tank'))
    expect(
      Array.from(list, ([dataset, versions]) => `${dataset}: ${versions.map(shortName).join(' ')}`),
    ).toEqual(['tank/a: #1 @1 #2 @2', 'tank: @1'])
    expect(list.get(parseDatasetName('tank'))).toEqual([
      {
        kind: 'snapshot',
        filesystem: 'tank',
        name: '1',
        guid: '11',
        createtxg: 10n,
        creation: 100,
        userrefs: 3,
      },
    ])
    expect(list.get(parseDatasetName('tank/a'))?.[0]).toEqual({
      kind: 'bookmark',
      filesystem: 'tank/a',
      name: '1',
      guid: '21',
      createtxg: 10n,
      creation: 100,
    })
  })

  test('keeps 64-bit numbers and blanks exactly', () => {
    const stdout = 'tank/a b @ x \t18446744073709551615\t9007199254740993\t1767225600\t0\t-'
    expect(readList(stdout, below('tank/a b ')).get(parseDatasetName('tank/a b '))).toEqual([
      {
        kind: 'snapshot',
        filesystem: 'tank/a b ',
        name: ' x ',
        guid: '18446744073709551615',
        createtxg: 9007199254740993n,
        creation: 1767225600,
        userrefs: 0,
      },
    ])
  })

  test('may be nothing, and may lack the last newline', () => {
    expect(readList('', below('tank')).size).toBe(0)
    expect(readList(rows('tank@1 1 1 1 0').trimEnd(), below('tank')).size).toBe(1)
  })

  test.each([
    ['0', 0],
    ['1099511627776', 1099511627776],
    ['18446744073709551615', -1],
    ['18446744073709547000', -4616],
  ])('creation %s is %d', (creation, seconds) => {
    const [version] =
      readList(rows(`tank@1 1 1 ${creation} 0`), below('tank')).get(parseDatasetName('tank')) ?? []
    expect(version?.creation).toBe(seconds)
    expect(new Date(seconds * 1000).getTime()).toBe(seconds * 1000)
  })

  test('clones by name, of many the first, and nothing for none', () => {
    const many = Array.from({length: 100}, (_, index) => `tank/clone${index}`).join(',')
    const stdout = rows(
      `tank@1 1 1 1 0 tank/a,tank/b|tank@2 2 2 2 0 -|tank@3 3 3 3 0 ${many}|tank#1 1 1 1 - -`,
    )
    const versions = readList(stdout, below('tank')).get(parseDatasetName('tank')) ?? []
    expect(versions.filter(isSnapshot).map(({clones}) => clones)).toEqual([
      'tank/a,tank/b',
      undefined,
      'tank/clone0 and 99 more',
    ])
    expect(thrownBy(rows('tank#1 1 1 1 - tank/a')).message).toContain('a bookmark with clones')
  })

  test('userrefs of a pool without holds count as none', () => {
    const [version] = readList(rows('tank@1 1 1 1 -'), below('tank')).get(parseDatasetName('tank')) ?? []
    expect(version?.kind === 'snapshot' && version.userrefs).toBe(0)
  })

  test('names that differ only in case are two datasets', () => {
    expect(readList(rows('tank/D@1 1 1 1 0 | tank/d@1 2 1 1 0'), below('tank')).size).toBe(2)
  })

  test('of other datasets below a root that is not recursive is left out', () => {
    const stdout = rows('tank/a@1 1 1 1 0 | tank/a/b@1 2 1 1 0 | tank/a/b/c#1 3 1 1 - | tank/a/b 9 1 1 -')
    expect(Array.from(readList(stdout, exactly('tank/a')).keys())).toEqual(['tank/a'])
    expect(Array.from(readList(stdout, exactly('tank/a', 'tank/a/b')).keys())).toEqual(['tank/a', 'tank/a/b'])
    expect(Array.from(readList(stdout, below('tank/a')).keys())).toEqual(['tank/a', 'tank/a/b', 'tank/a/b/c'])
  })

  test('without roots is everything, or only the pools themselves', () => {
    const stdout = rows('tank@1 1 1 1 0 | tank/a@1 2 2 1 0 | other/x@1 3 1 1 0')
    expect(readList(stdout, below()).size).toBe(3)
    expect(Array.from(readList(stdout, exactly()).keys())).toEqual(['tank'])
  })
})

describe('what is refused', () => {
  test.each([
    ['spaces instead of tabs', 'tank@1  1  1  1  0\n', 'not 6 fields'],
    ['a field too few', 'tank@1\t1\t1\t1\n', 'not 6 fields'],
    ['a field too many', 'tank@1\t1\t1\t1\t0\t-\t\n', 'not 6 fields'],
    ['an empty line', '\n', 'not 6 fields'],
    ['an empty line at the end', `${rows('tank@1 1 1 1 0')}\n`, 'not 6 fields'],
    ['a message', 'no datasets available\n', 'not 6 fields'],
    ['guid -', rows('tank@1 - 1 1 0'), 'bad guid'],
    ['guid 0', rows('tank@1 0 1 1 0'), 'bad guid'],
    ['guid none', rows('tank@1 none 1 1 0'), 'bad guid'],
    ['guid rounded', rows('tank@1 1.8E19 1 1 0'), 'bad guid'],
    ['guid too large', rows('tank@1 18446744073709551616 1 1 0'), 'bad guid'],
    ['createtxg 0', rows('tank@1 1 0 1 0'), 'bad createtxg'],
    ['createtxg -', rows('tank@1 1 - 1 0'), 'bad createtxg'],
    ['creation as a date', 'tank@1\t1\t1\tThu Jan  1  0:00 1970\t0\t-\n', 'bad creation'],
    ['creation beyond all dates', rows('tank@1 1 1 9223372036854775807 0'), 'bad creation'],
    ['creation with a sign', rows('tank@1 1 1 -1 0'), 'bad creation'],
    ['userrefs empty', 'tank@1\t1\t1\t1\t\t-\n', 'bad userrefs'],
    ['userrefs negative', rows('tank@1 1 1 1 -1'), 'bad userrefs'],
    ['bookmark with userrefs', rows('tank#1 1 1 1 0'), 'a bookmark with userrefs'],
    ['two @', rows('tank@1@2 1 1 1 0'), 'not allowed'],
    ['@ and #', rows('tank#1@2 1 1 1 0'), 'not allowed'],
    ['a bad name', rows('tank/../x@1 1 1 1 0'), '. or ..'],
    ['a range', rows('tank@1%2 1 1 1 0'), 'not allowed'],
    ['an internal name', rows('tank/%recv@1 1 1 1 0'), 'not allowed'],
    ['bytes that are not ASCII', 'tank/\u00c3\u00a4@1\t1\t1\t1\t0\t-\n', 'not allowed'],
    ['a snapshot twice', rows('tank@1 1 1 1 0 | tank@1 2 2 1 0'), 'twice'],
    ['a row twice', rows('tank@1 1 1 1 0 | tank@1 1 1 1 0'), 'createtxg 1'],
    ['a bookmark twice', rows('tank#1 1 1 1 - | tank#1 2 2 1 -'), 'twice'],
    ['a name that is too long', rows(`tank@${'a'.repeat(251)} 1 1 1 0`), 'longer than 255'],
    ['a snapshot without a name', rows('tank@ 1 1 1 0'), 'empty component'],
    ['another pool', rows('other@1 1 1 1 0'), 'not asked for'],
    ['another dataset with the same beginning', rows('tank2@1 1 1 1 0'), 'not asked for'],
    ['a dataset row from outside', rows('tank2 1 1 1 -'), 'not asked for'],
    ['two snapshots in one transaction group', rows('tank@1 1 5 1 0 | tank@2 2 5 1 0'), 'createtxg 5'],
  ])('%s', (_, stdout, why) => {
    const error = thrownBy(stdout)
    expect(error.code).toBe('zfs-output')
    expect(error.message).toContain(why)
  })

  test('carriage returns, with a word about the terminal', () => {
    const error = thrownBy('tank@1\t1\t1\t1\t0\r\n')
    expect([error.code, error.hint]).toEqual(['zfs-output', 'a terminal is in the way; use ssh -T'])
  })

  test('a line of ten mebibytes', () => {
    const error = thrownBy(`tank@1\t1\t1\t1\t${'0'.repeat(10 << 20)}\n`)
    expect(error.message).toContain('too long')
    expect(error.message.length).toBeLessThan(300)
  })

  test('with the line and its number, printable and shortened', () => {
    const error = thrownBy(`${rows('tank@1 1 1 1 0')}tank@\u001b[31m${'x'.repeat(5000)}\t1\t1\t1\t0\t-\n`)
    expect(error.message).toContain("zfs list printed in line 2 'tank@\\x1b[31mxxx")
    expect(error.message).toMatch(/^[\x20-\x7e…]*$/)
  })

  test('rows of other datasets are refused although one root is listed without its children', () => {
    expect(thrownBy(rows('tank/ab@1 1 1 1 0'), exactly('tank/a')).message).toContain('not asked for')
  })
})

test('two bookmarks, or a bookmark and its snapshot, may share a transaction group', () => {
  const stdout = rows('tank@1 1 5 1 0 | tank#1 1 5 1 - | tank#2 1 5 1 -')
  expect(readList(stdout, below('tank')).get(parseDatasetName('tank'))?.map(shortName)).toEqual([
    '#1',
    '#2',
    '@1',
  ])
})

describe('a list that comes in pieces', () => {
  const text = rows('tank/a@2 22 20 200 0 | tank@1 11 10 100 3 | tank/a#1 21 10 100 - | tank/a@1 21 10 100 1')

  test.each([1, 2, 7, 30, text.length - 1])('of %i bytes is the same list', (pieceBytes) => {
    expect(readList(text, below('tank'), pieceBytes)).toEqual(readList(text, below('tank')))
  })

  test('is judged at its end, by the first line that was not understood, with its number', () => {
    const reader = createListReader(below('tank'))
    for (const piece of [rows('tank@1 1 1 1 0'), 'odd', 'ity\nnonsense\n']) reader.take(Buffer.from(piece))
    expect(() => reader.end()).toThrow("in line 2 'oddity': not 6 fields")
  })

  test('without any newline is not kept beyond what a line may have', () => {
    const reader = createListReader(below('tank'))
    const piece = Buffer.alloc(65_536, 'x')
    for (let count = 0; count < 1000; count += 1) reader.take(piece)
    expect(() => reader.end()).toThrow('too long')
  })
})

/** The fastest of three attempts, so that a busy machine does not make the test fail. */
function millisecondsFor(count: number): number {
  const lines = Array.from({length: count}, (_, index) => {
    const name = `tank/data/filesystem-${index % 1000}@zrepl_20260101_000000_${index}`
    return `${name}\t${2n ** 63n + BigInt(index)}\t${1_000_000 + index}\t${1_700_000_000 + index}\t0\t-`
  })
  const stdout = lines.join('\n')
  const attempts = [1, 2, 3].map(() => {
    const start = performance.now()
    const list = readList(stdout, below('tank'))
    expect(list.get(parseDatasetName('tank/data/filesystem-7'))).toHaveLength(count / 1000)
    return performance.now() - start
  })
  return Math.min(...attempts)
}

test('the time is proportional to the number of lines', () => {
  const few = millisecondsFor(20_000)
  expect(millisecondsFor(200_000) / few).toBeLessThan(40)
})
