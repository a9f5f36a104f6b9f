import {describe, expect, test} from 'vitest'
import {readStreamHeader, STREAM_HEADER_BYTES} from '../../../src/lib/zfs/stream-header.ts'
import {encodeStreamHeader, FEATURE, type HeaderFields} from './encode-stream-header.ts'

const PLAIN = {
  kind: 'header',
  compound: false,
  payloadBytes: 0,
  toguid: '17835627815740247930',
  fromguid: undefined,
  toname: 'tank/data@a',
  objectType: 'filesystem',
  clone: false,
  raw: false,
  compressed: false,
  embedded: false,
  largeBlocks: false,
  resuming: false,
  redacted: false,
  holds: false,
}

describe.each([
  ['little', false],
  ['big', true],
])('a stream of a %s-endian host', (_, bigEndian) => {
  test.each<[string, HeaderFields, object]>([
    ['plain', {}, {}],
    ['incremental', {fromguid: 1n}, {fromguid: '1'}],
    ['volume', {objectType: 3}, {objectType: 'volume'}],
    ['of another type', {objectType: 1}, {objectType: undefined}],
    ['clone', {flags: 1}, {clone: true}],
    ['with other flags', {flags: 0xfffffffe}, {clone: false}],
    ['with a payload', {payloadBytes: 0xffffffff}, {payloadBytes: 4294967295}],
    [
      'package',
      {hdrtype: 2, toguid: 0n, objectType: 0},
      {compound: true, toguid: undefined, objectType: undefined},
    ],
    ['raw', {features: [FEATURE.raw]}, {raw: true}],
    ['compressed', {features: [FEATURE.compressed]}, {compressed: true}],
    ['embedded', {features: [FEATURE.embedded]}, {embedded: true}],
    ['large blocks', {features: [FEATURE.largeBlocks]}, {largeBlocks: true}],
    ['resuming', {features: [FEATURE.resuming]}, {resuming: true}],
    ['redacted', {features: [FEATURE.redacted]}, {redacted: true}],
    ['holds', {features: [FEATURE.holds]}, {holds: true}],
    ['other features', {features: [2, 17, 18, 23, 25, 27, 28, 29, 61]}, {}],
    [
      'all features',
      {features: Object.values(FEATURE)},
      {
        raw: true,
        compressed: true,
        embedded: true,
        largeBlocks: true,
        resuming: true,
        redacted: true,
        holds: true,
      },
    ],
    [
      'the largest guids',
      {toguid: 2n ** 64n - 1n, fromguid: 2n ** 63n},
      {toguid: '18446744073709551615', fromguid: '9223372036854775808'},
    ],
    ['without a name', {toname: ''}, {toname: ''}],
    ['with bytes in its name', {toname: '\u001b\u00ff'}, {toname: '\u001b\u00ff'}],
  ])('%s', (_, fields, expected) => {
    expect(readStreamHeader(encodeStreamHeader({...fields, bigEndian}))).toEqual({...PLAIN, ...expected})
  })

  test.each<[string, HeaderFields, string]>([
    ['wrong magic', {magic: 0x2f5bacbadn}, 'not a ZFS stream'],
    ['no magic', {magic: 0n}, 'not a ZFS stream'],
    ['another record first', {recordType: 1}, 'first record'],
    ['kind 0', {hdrtype: 0}, 'kind of the stream'],
    ['kind 3', {hdrtype: 3}, 'kind of the stream'],
    ['no toguid', {toguid: 0n}, 'no toguid'],
    ['a name without end', {toname: 'a'.repeat(256)}, 'not terminated'],
  ])('%s is rejected', (_, fields, because) => {
    expect(readStreamHeader(encodeStreamHeader({...fields, bigEndian}))).toEqual({
      kind: 'rejected',
      because: expect.stringContaining(because),
    })
  })
})

test('every shorter piece is rejected, what follows is ignored', () => {
  const header = encodeStreamHeader()
  for (let length = 0; length < STREAM_HEADER_BYTES; length++) {
    expect(readStreamHeader(header.subarray(0, length))).toEqual({
      kind: 'rejected',
      because: 'the stream is too short',
    })
  }
  expect(readStreamHeader(Buffer.concat([header, Buffer.alloc(9, 0xff)]))).toEqual(PLAIN)
})

test('the bytes may lie anywhere in a larger buffer', () => {
  const larger = Buffer.concat([Buffer.alloc(13, 0xaa), encodeStreamHeader({fromguid: 5n})])
  expect(readStreamHeader(larger.subarray(13))).toEqual({...PLAIN, fromguid: '5'})
})

test('bytes of the record, written out', () => {
  const bytes = Buffer.alloc(312)
  Buffer.from('00000000 10000000 accbbaf502000000 0500000100000000'.replaceAll(' ', ''), 'hex').copy(bytes)
  Buffer.from(
    '0000000000000000 02000000 01000000 0100000000000080 0200000000000000'.replaceAll(' ', ''),
    'hex',
  ).copy(bytes, 24)
  bytes.write('p@s', 56)
  expect(readStreamHeader(bytes)).toEqual({
    ...PLAIN,
    payloadBytes: 16,
    toguid: '9223372036854775809',
    fromguid: '2',
    toname: 'p@s',
    clone: true,
    compressed: true,
  })
})
