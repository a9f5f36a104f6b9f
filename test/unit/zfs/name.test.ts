import {describe, expect, test} from 'vitest'
import {
  bookmarkName,
  childOf,
  componentsOf,
  datasetOf,
  formatGuidHex,
  foundHoldTag,
  isBelowOrEqual,
  NameError,
  parentOf,
  parseBookmarkName,
  parseComponent,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
  parseGuidHex,
  parseHoldTag,
  parseSnapshotName,
  pathBelow,
  poolOf,
  shortNameOf,
  snapshotName,
  splitSnapshotName,
} from '../../../src/lib/zfs/name.ts'

const LONG = 'a'.repeat(255)
const DEEP = Array.from({length: 50}, () => 'a').join('/')

describe('names that are accepted stay as they are', () => {
  test.each([
    ['tank'],
    ['tank/..a'],
    ['tank/a..'],
    ['tank/...'],
    ['tank/a b'],
    ['tank/a  b '],
    ['tank/ a'],
    ['tank/-a'],
    ['tank/Data'],
    ['tank/data'],
    ['foo bar/baz_.:-09'],
    [LONG],
    [`${'a'.repeat(253)}/a`],
    [DEEP],
  ])('dataset %j', (text) => expect(parseDatasetName(text)).toBe(text))

  test.each([
    ['foo/book@bar'],
    ['foo bar/baz bar@blah foo'],
    ['tank@-d'],
    ['tank@ leading blank'],
    ['tank@...'],
    [`${'a'.repeat(251)}/a@b`],
    [`${DEEP}@x`],
  ])('snapshot %j', (text) => expect(parseSnapshotName(text)).toBe(text))

  test.each([['foo#book'], ['foo/book#bar'], ['tank/a#zrepl_CURSOR_G_00000000face601d_J_a b']])(
    'bookmark %j',
    (text) => expect(parseBookmarkName(text)).toBe(text),
  )
})

describe('names that are refused', () => {
  test.each([
    ['', 'empty'],
    ['/', 'letter'],
    ['/tank', 'letter'],
    ['-tank/a', 'letter'],
    ['9tank', 'letter'],
    ['_tank', 'letter'],
    ['.', 'letter'],
    [' tank', 'letter'],
    ['tank/', 'empty component'],
    ['tank//a', 'empty component'],
    ['tank/../other', '. or ..'],
    ['tank/.', '. or ..'],
    ['tank/./a', '. or ..'],
    ['tank/ä', 'not allowed'],
    ['tank/\u0430', 'not allowed'],
    ['tank/\u202Egnp', 'not allowed'],
    ['tank/😀', 'not allowed'],
    ['tank/\u00ff', 'not allowed'],
    ['tank/\ufffd', 'not allowed'],
    ['tank/a\tb', 'not allowed'],
    ['tank/a\n', 'not allowed'],
    ['tank/a\r', 'not allowed'],
    ['tank/a\0', 'not allowed'],
    ['tank/a%b', 'not allowed'],
    ['tank/%recv', 'not allowed'],
    ['tank/a,b', 'not allowed'],
    ['tank/a+b', 'not allowed'],
    ['tank/a\\b', 'not allowed'],
    ['tank/a@b', 'not allowed'],
    ['tank/a#b', 'not allowed'],
    [`${LONG}a`, 'longer than 255'],
    [`${DEEP}/a`, 'deeper than 50'],
  ])('dataset %j: %s', (text, why) => expect(() => parseDatasetName(text)).toThrow(why))

  test.each([
    ['tank', 'no delimiter'],
    ['tank/a@', 'empty component'],
    ['@a', 'letter'],
    ['tank/a@b@c', 'not allowed'],
    ['tank/a@@b', 'not allowed'],
    ['tank/a@b#c', 'not allowed'],
    ['tank/a#b@c', 'not allowed'],
    ['tank/a#b', 'no delimiter'],
    ['tank/a@b/c', 'not allowed'],
    ['tank/a/@b', 'empty component'],
    ['tank@..', '. or ..'],
    ['tank@.', '. or ..'],
    ['tank@a%b', 'not allowed'],
    ['tank@%b', 'not allowed'],
    ['tank@a%', 'not allowed'],
    ['tank@a,b', 'not allowed'],
    ['tank@23+42', 'not allowed'],
    ['tank/../x@a', '. or ..'],
    ['9tank@a', 'letter'],
    [`${'a'.repeat(252)}/a@b`, 'longer than 255'],
    [`${DEEP}/a@b`, 'deeper than 50'],
  ])('snapshot %j: %s', (text, why) => expect(() => parseSnapshotName(text)).toThrow(why))

  test.each([
    ['tank', 'no delimiter'],
    ['tank@a', 'no delimiter'],
    ['tank#a#b', 'not allowed'],
    ['tank#a@b', 'not allowed'],
    ['tank@a#b', 'not allowed'],
    ['tank#', 'empty component'],
    ['tank#.', '. or ..'],
  ])('bookmark %j: %s', (text, why) => expect(() => parseBookmarkName(text)).toThrow(why))

  test('the error quotes the name, printable, and says which problem it is', () => {
    const errorOf = (text: string) => {
      try {
        parseDatasetName(text)
      } catch (error) {
        if (error instanceof NameError) return [error.name, error.problem, error.message]
      }
      return undefined
    }
    expect(errorOf('tank/\u001b]0;x')).toEqual([
      'NameError',
      'malformed',
      "bad dataset name 'tank/\\x1b]0;x': the character '\\x1b' is not allowed",
    ])
    expect(errorOf(`${LONG}a`)?.[1]).toBe('too-long')
    expect(errorOf(`${DEEP}/a`)?.[1]).toBe('too-deep')
  })
})

describe('components', () => {
  test.each([['client1'], ['a b'], [' '], ['-'], ['...'], ['a'.repeat(255)]])('%j is one', (text) =>
    expect(parseComponent(text)).toBe(text),
  )
  test.each([
    [''],
    ['.'],
    ['..'],
    ['a/b'],
    ['a@b'],
    ['a#b'],
    ['a%b'],
    ['é'],
    ['a\n'],
    ['a+b'],
    ['a'.repeat(256)],
  ])('%j is none', (text) => expect(() => parseComponent(text)).toThrow(NameError))
})

describe('hold tags', () => {
  test.each([['zrepl_STEP_J_a b'], ['-x'], ['a.b'], ['~'], [' '], ['a'.repeat(255)]])('%j', (text) =>
    expect(parseHoldTag(text)).toBe(text),
  )
  test.each([[''], ['.send-1-2'], ['a\tb'], ['a\nb'], ['ä'], ['a\u007f'], ['a'.repeat(256)]])(
    '%j is refused',
    (text) => expect(() => parseHoldTag(text)).toThrow(NameError),
  )

  test.each([
    ['zrepl_STEP_J_a', 'zrepl_STEP_J_a'],
    ['.send-123-1', '\\x2esend-123-1\\'],
    ['b\u00e4ckup', 'b\\xe4ckup\\'],
    ['a'.repeat(256), `${'a'.repeat(254)}\\`],
    ['\u00e4'.repeat(5000), `${'\\xe4'.repeat(63)}\\x\\`],
  ])('%j found on a pool is %j', (text, expected) => {
    expect(foundHoldTag(text)).toBe(expected)
    expect(parseHoldTag(foundHoldTag(text))).toBe(expected)
  })
  test('an empty tag is not one', () => expect(() => foundHoldTag('')).toThrow(NameError))
})

describe('guid and createtxg', () => {
  test.each([['1'], ['9007199254740993'], ['9223372036854775808'], ['18446744073709551615']])(
    '%s is kept exactly',
    (text) => {
      expect(parseGuid(text)).toBe(text)
      expect(parseCreatetxg(text)).toBe(BigInt(text))
      expect(parseGuidHex(formatGuidHex(parseGuid(text)))).toBe(text)
    },
  )
  test.each([
    ['0'],
    [''],
    ['-'],
    ['-1'],
    ['+1'],
    ['01'],
    ['none'],
    ['1.8E19'],
    ['1e3'],
    ['0x10'],
    ['1.0'],
    [' 1'],
    ['1 '],
    ['1\n'],
    ['18446744073709551616'],
    ['20000000000000000000'],
    ['100000000000000000000'],
    ['٣'],
  ])('%j is refused', (text) => {
    expect(() => parseGuid(text)).toThrow(NameError)
    expect(() => parseCreatetxg(text)).toThrow(NameError)
  })
  test('hex is 16 lower-case digits', () => {
    expect(formatGuidHex(parseGuid('4207829021'))).toBe('00000000face601d')
    expect(parseGuidHex('00000000face601d')).toBe('4207829021')
    for (const bad of ['0000000000000000', 'FACE601D00000000', 'face601d', '00000000face601d0', '']) {
      expect(() => parseGuidHex(bad)).toThrow(NameError)
    }
  })
})

describe('names from parts', () => {
  const tank = parseDatasetName('tank/a b')

  test('are built', () => {
    expect(snapshotName(tank, 'x y')).toBe('tank/a b@x y')
    expect(bookmarkName(tank, 'x')).toBe('tank/a b#x')
    expect(childOf(tank, 'c/d')).toBe('tank/a b/c/d')
  })
  test('cannot smuggle in another name', () => {
    for (const bad of ['', 'a@b', 'a,b', 'a%b', 'a/b', '..'])
      expect(() => snapshotName(tank, bad)).toThrow(NameError)
    for (const bad of ['', '..', '../x', '/x', 'x/', 'a@b', 'x/../../y'])
      expect(() => childOf(tank, bad)).toThrow(NameError)
  })
  test('are refused when they are too long together', () => {
    const long = parseDatasetName('a'.repeat(250))
    expect(snapshotName(long, 'bbbb')).toHaveLength(255)
    expect(() => snapshotName(long, 'bbbbb')).toThrow('longer than 255')
    expect(() => childOf(long, 'bbbbb')).toThrow('longer than 255')
    expect(() => childOf(parseDatasetName(DEEP), 'a')).toThrow('deeper than 50')
  })
  test('are taken apart', () => {
    const snapshot = parseSnapshotName('tank/a b@x y')
    expect(splitSnapshotName(snapshot)).toEqual({dataset: 'tank/a b', name: 'x y'})
    expect([datasetOf(snapshot), shortNameOf(snapshot), poolOf(snapshot)]).toEqual([
      'tank/a b',
      'x y',
      'tank',
    ])
    const bookmark = parseBookmarkName('tank#x')
    expect([datasetOf(bookmark), shortNameOf(bookmark), poolOf(bookmark)]).toEqual(['tank', 'x', 'tank'])
    expect(poolOf(tank)).toBe('tank')
    expect(componentsOf(tank)).toEqual(['tank', 'a b'])
    expect(parentOf(parseDatasetName('tank/a/b'))).toBe('tank/a')
    expect(parentOf(parseDatasetName('tank'))).toBeUndefined()
  })
  test.each([
    ['tank/a', 'tank/a', true, undefined],
    ['tank/a/b', 'tank/a', true, 'b'],
    ['tank/a/b/c', 'tank/a', true, 'b/c'],
    ['tank/ab', 'tank/a', false, undefined],
    ['tank/client10', 'tank/client1', false, undefined],
    ['tank/client1', 'tank/client10', false, undefined],
    ['tank', 'tank/a', false, undefined],
    ['tank/A', 'tank/a', false, undefined],
    ['tank2', 'tank', false, undefined],
  ])('%s relative to %s: %s, %s', (dataset, root, below, path) => {
    expect(isBelowOrEqual(parseDatasetName(dataset), parseDatasetName(root))).toBe(below)
    expect(pathBelow(parseDatasetName(dataset), parseDatasetName(root))).toBe(path)
  })
})

test('whatever comes in, a mapped name is refused or lies strictly below its root', () => {
  const alphabet = ['a', '.', '..', '/', '@', '#', '%', ',', ' ', '-', '\t', 'ä', '\0']
  const root = parseDatasetName('tank/sink/client1')
  let accepted = 0
  for (let seed = 0; seed < alphabet.length ** 4; seed++) {
    const path = [0, 1, 2, 3]
      .map((digit) => alphabet[Math.floor(seed / alphabet.length ** digit) % alphabet.length])
      .join('')
    try {
      const mapped = childOf(root, path)
      accepted++
      expect(componentsOf(mapped).slice(0, 3)).toEqual(['tank', 'sink', 'client1'])
      expect(componentsOf(mapped).slice(3)).not.toContain('..')
      expect(pathBelow(mapped, root)).toBe(path)
    } catch (error) {
      if (!(error instanceof NameError)) throw error
    }
  }
  expect(accepted).toBeGreaterThan(100)
})
