import {deflateSync, inflateSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {decodeResumeToken} from '../../../src/lib/zfs/resume-token.ts'
import {
  booleanPair,
  encodeResumeToken,
  type Forgery,
  packNvlist,
  pair,
  stringPair,
  type TokenFields,
  uint64ArrayPair,
  uint64Pair,
  wrapToken,
} from './encode-resume-token.ts'

const VALID: TokenFields = {toguid: 0x94a20a5f25877859n, toname: 'tank/a b@1'}
const DECODED = {
  kind: 'resumable',
  toguid: '10710134267608266841',
  fromguid: undefined,
  toname: 'tank/a b@1',
  object: 2n,
  offset: 0x2c0000n,
  bytes: 0x2e2e44n,
  raw: false,
  compressed: false,
  embedded: false,
  largeBlocks: false,
  saved: false,
  redacted: false,
}

/** Packed and compressed by another program, from fields chosen here. */
const INDEPENDENT = [
  '1-f29e54257-128-789c636064000310a501c49c50360710a715e5e7a69766a6304081805148d98c5d77fe2900d9ec48eaf293b252934b',
  '181898a06661c8a7a515a702e5191c941961f26c48f2499525a9c5503e48165d7f493ec415ffa1c002499e132c9f97989b0aa413f3b2f5',
  '1315921c8c0c8ccc740d0c8148c1c0c0cac08001e12e6e06847f93f3730b8a528b8bf3b32162125077c1e48b12cb61520c00091a2a44',
].join('')

function listIn(token: string): Buffer {
  return inflateSync(Buffer.from(token.split('-')[3] ?? '', 'hex'))
}

describe('a token is decoded', () => {
  test('that was made elsewhere', () => {
    expect(decodeResumeToken(INDEPENDENT)).toEqual({
      kind: 'resumable',
      toguid: '18446744073709551615',
      fromguid: '18364758544493064720',
      toname: 'tank/a b@2026-01-01 00:00',
      object: 258n,
      offset: 0x1234000n,
      bytes: 9007199254740993n,
      raw: true,
      compressed: true,
      embedded: false,
      largeBlocks: false,
      saved: false,
      redacted: false,
    })
  })

  test('whose list our encoder packs byte for byte alike', () => {
    const fields = {
      toguid: 2n ** 64n - 1n,
      fromguid: 0xfedcba9876543210n,
      toname: 'tank/a b@2026-01-01 00:00',
    }
    const position = {object: 258n, offset: 0x1234000n, bytes: 9007199254740993n}
    const token = encodeResumeToken({...fields, ...position, compressed: true, raw: true})
    expect(listIn(token)).toEqual(listIn(INDEPENDENT))
    expect(listIn(token)).toHaveLength(0x128)
  })

  test.each<[string, TokenFields, object]>([
    ['full', {}, {}],
    ['incremental', {fromguid: 1n}, {fromguid: '1'}],
    ['fromguid 0 is a full send', {fromguid: 0n}, {}],
    ['raw', {raw: true}, {raw: true}],
    ['compressed', {compressed: true}, {compressed: true}],
    ['embedded', {embedded: true}, {embedded: true}],
    ['large blocks', {largeBlocks: true}, {largeBlocks: true}],
    ['saved', {saved: true}, {saved: true}],
    ['redacted', {redactSnaps: [1n, 2n]}, {redacted: true}],
    ['redacted against nothing', {redactSnaps: []}, {redacted: true}],
    ['redacted by bookmark', {bookRedactSnaps: [1n]}, {redacted: true}],
    ['nothing received yet', {object: 1n, offset: 0n, bytes: 0n}, {object: 1n, offset: 0n, bytes: 0n}],
    [
      'largest numbers',
      {toguid: 2n ** 64n - 1n, bytes: 2n ** 64n - 1n},
      {toguid: '18446744073709551615', bytes: 2n ** 64n - 1n},
    ],
  ])('%s', (_, fields, expected) => {
    expect(decodeResumeToken(encodeResumeToken({...VALID, ...fields}))).toEqual({...DECODED, ...expected})
  })

  test('whatever the length of its name', () => {
    for (let length = 1; length <= 245; length++) {
      const toname = `tank@${'x'.repeat(length)}`
      expect(decodeResumeToken(encodeResumeToken({...VALID, toname}))).toEqual({...DECODED, toname})
    }
  })
})

describe('a token is useless', () => {
  const forged = (forgery: Forgery, fields: TokenFields = {}) =>
    encodeResumeToken({...VALID, ...fields}, forgery)
  const patched = (at: number, value: number) =>
    forged({repack: (packed) => Buffer.from(packed.fill(value, at, at + 1))})

  test.each([
    ['none', '-', 'form'],
    ['empty', '', 'form'],
    ['only a version', '1-', 'form'],
    ['parts missing', '1-a-b', 'form'],
    ['payload missing', '1-a-b-', 'form'],
    ['half a byte', '1-a-b-789', 'form'],
    ['capitals', forged({}).toUpperCase(), 'form'],
    ['not hex', '1-a-b-zz', 'form'],
    ['blank in front', ` ${forged({})}`, 'form'],
    ['line break behind', `${forged({})}\n`, 'form'],
    ['an option in front', `-R ${forged({})}`, 'form'],
    ['a part more', `${forged({})}-00`, 'form'],
    ['version 2', forged({version: '2'}), 'version is 2'],
    ['version 01', forged({version: '01'}), 'version is 01'],
    ['wrong checksum', forged({checksum: 'b338b54f3'}), 'checksum'],
    ['checksum of more than 64 bits', forged({checksum: 'f'.repeat(17)}), 'form'],
    ['length 2^40', forged({length: '10000000000'}), 'form'],
    ['length above the cap', forged({length: '10001'}), 'too much'],
    ['length one too many', forged({length: 'a1'}), 'inflated'],
    ['length zero', forged({length: '0'}), 'inflated'],
    ['a payload of a mebibyte', `1-a-b-${'00'.repeat(1 << 20)}`, 'too long'],
    ['a payload of 4097 bytes', wrapToken(Buffer.alloc(1), {recompress: () => Buffer.alloc(4097)}), 'form'],
    ['a bomb', wrapToken(Buffer.alloc(1 << 20), {length: '10000'}), 'inflated'],
    ['a bomb that says so', wrapToken(Buffer.alloc(1 << 20)), 'too much'],
    ['no zlib stream', forged({recompress: () => Buffer.from('nonsense')}), 'inflated'],
    ['a zlib stream cut off', forged({recompress: (payload) => payload.subarray(0, 40)}), 'inflated'],
    [
      'a zlib stream with a wrong sum',
      forged({recompress: (payload) => Buffer.from(payload.fill(0, payload.length - 4))}),
      'inflated',
    ],
    ['an empty list', wrapToken(Buffer.alloc(0)), 'ends early'],
    ['a list of four bytes', wrapToken(Buffer.from([0, 1, 0, 0])), 'ends early'],
    ['no fields', wrapToken(packNvlist([])), 'no toguid'],
    ['XDR encoding', forged({encoding: 1}), 'encoding'],
    ['unknown encoding', forged({encoding: 7}), 'encoding'],
    ['big-endian', forged({bigEndian: true}), 'other byte order'],
    ['nvlist version 1', forged({nvlistVersion: 1}), 'nvlist version'],
    ['no end', forged({repack: (packed) => packed.subarray(0, -4)}), 'ends early'],
    ['half an end', forged({repack: (packed) => packed.subarray(0, -2)}), 'ends early'],
    [
      'something behind the end',
      forged({repack: (packed) => Buffer.concat([packed, Buffer.alloc(8)])}),
      'follows its end',
    ],
    ['a field that ends elsewhere', patched(12, 0x18), 'value that is not understood'],
    ['a field too small for itself', patched(12, 0x08), 'does not fit'],
    ['a field that is not aligned', patched(12, 0x21), 'does not fit'],
    ['a field beyond the end', patched(13, 0x7f), 'does not fit'],
    ['a field of negative size', patched(15, 0xff), 'does not fit'],
    ['a name without characters', patched(16, 1), 'name of a field does not fit'],
    ['a name longer than its field', patched(17, 0x10), 'name of a field does not fit'],
    ['a name of negative length', patched(17, 0x80), 'name of a field does not fit'],
    ['a name without end', patched(16, 6), 'not terminated'],
    ['two elements in one number', patched(20, 2), 'value that is not understood'],
    ['an unknown type', patched(24, 99), 'value that is not understood'],
    [
      'an nvlist in it',
      forged({pairs: [pair('nested', 19, 1, Buffer.alloc(24))]}),
      'value that is not understood',
    ],
    [
      'an array of billions',
      forged({pairs: [pair('redact_snaps', 16, 0x7fffffff, Buffer.alloc(8))]}),
      'value that is not understood',
    ],
    [
      'an array of minus one',
      forged({pairs: [pair('redact_snaps', 16, -1, Buffer.alloc(0))]}),
      'value that is not understood',
    ],
    [
      'a text without end',
      forged({pairs: [pair('toname', 9, 1, Buffer.from('aaaaaaaa'))]}, {toname: undefined}),
      'value that is not understood',
    ],
    [
      'a boolean with a value',
      forged({pairs: [pair('rawok', 1, 0, Buffer.alloc(8))]}),
      'value that is not understood',
    ],
    ['a field twice', forged({pairs: [uint64Pair('toguid', 1n)]}), 'occurs twice'],
    ['a field that is not known', forged({pairs: [booleanPair('evilok')]}), 'not known'],
    ['__proto__', forged({pairs: [stringPair('__proto__', 'x')]}), 'not known'],
    ['a text as toguid', forged({pairs: [stringPair('toguid', '1')]}, {toguid: undefined}), 'wrong type'],
    ['a number as rawok', forged({pairs: [uint64Pair('rawok', 0n)]}), 'wrong type'],
    ['an array as fromguid', forged({pairs: [uint64ArrayPair('fromguid', [1n])]}), 'wrong type'],
    ['a number as redact_snaps', forged({pairs: [uint64Pair('redact_snaps', 1n)]}), 'wrong type'],
    ['no toguid', forged({}, {toguid: undefined}), 'no toguid'],
    ['toguid 0', forged({}, {toguid: 0n}), 'bad guid'],
    ['no toname', forged({}, {toname: undefined}), 'no toname'],
    ['no object', forged({}, {object: undefined}), 'no position'],
    ['no offset', forged({}, {offset: undefined}), 'no position'],
    ['no bytes', forged({}, {bytes: undefined}), 'no position'],
    ['a dataset as toname', forged({}, {toname: 'tank/a'}), 'bad snapshot name'],
    ['a bookmark as toname', forged({}, {toname: 'tank/a#b'}), 'bad snapshot name'],
    ['an option as toname', forged({}, {toname: '-R tank@a'}), 'bad snapshot name'],
    ['a path as toname', forged({}, {toname: 'tank/../x@a'}), 'bad snapshot name'],
    ['shell in toname', forged({}, {toname: 'tank/$(reboot)@a'}), 'bad snapshot name'],
    ['ESC in toname', forged({}, {toname: 'tank\u001b[0m@a'}), "'tank\\x1b[0m@a'"],
    ['256 bytes of toname', forged({}, {toname: `tank@${'a'.repeat(251)}`}), 'longer than 255'],
  ])('%s', (_, token, because) => {
    expect(decodeResumeToken(token)).toEqual({kind: 'useless', because: expect.stringContaining(because)})
  })

  test('after any change of a single byte of the list, or it still says the same kind of thing', () => {
    const packed = packNvlist([
      uint64Pair('toguid', 7n),
      stringPair('toname', 'tank@a'),
      uint64Pair('object', 1n),
      uint64Pair('offset', 0n),
      uint64Pair('bytes', 0n),
    ])
    expect(decodeResumeToken(wrapToken(packed)).kind).toBe('resumable')
    const kinds = new Map<string, number>()
    for (let at = 0; at < packed.length; at++) {
      for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(packed)
        changed[at] = value
        const {kind} = decodeResumeToken(wrapToken(changed))
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      }
    }
    expect(Array.from(kinds.keys()).sort()).toEqual(['resumable', 'useless'])
    expect(kinds.get('useless')).toBeGreaterThan(300)
  })

  test('after any cut', () => {
    const packed = packNvlist([uint64Pair('toguid', 7n), stringPair('toname', 'tank@a')])
    for (let length = 0; length < packed.length; length++) {
      expect(decodeResumeToken(wrapToken(packed.subarray(0, length))).kind).toBe('useless')
    }
    const token = encodeResumeToken(VALID)
    for (let length = 0; length < token.length; length++) {
      expect(decodeResumeToken(token.slice(0, length)).kind).toBe('useless')
    }
  })

  test('after any change of a character', () => {
    const token = encodeResumeToken(VALID)
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === '0' ? '1' : '0'
      expect(decodeResumeToken(`${token.slice(0, at)}${other}${token.slice(at + 1)}`).kind).toBe('useless')
    }
  })
})

test('the checksum leaves out what is behind the last whole word, as ZFS does', () => {
  const lengths = new Set<number>()
  for (let length = 1; length < 60; length++) {
    const toname = `tank@${'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(2).slice(0, length)}`
    const token = encodeResumeToken({...VALID, toname})
    lengths.add(((token.split('-')[3]?.length ?? 0) / 2) % 4)
    expect(decodeResumeToken(token).kind).toBe('resumable')
  }
  expect(Array.from(lengths).sort()).toEqual([0, 1, 2, 3])
})

test('compression of another level or without any is the same to us', () => {
  const packed = packNvlist([
    uint64Pair('toguid', 7n),
    stringPair('toname', 'tank@a'),
    uint64Pair('object', 1n),
    uint64Pair('offset', 0n),
    uint64Pair('bytes', 0n),
  ])
  for (const level of [0, 1, 9]) {
    expect(decodeResumeToken(wrapToken(packed, {recompress: () => deflateSync(packed, {level})})).kind).toBe(
      'resumable',
    )
  }
})
