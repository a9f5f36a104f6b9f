import {describe, expect, test} from 'vitest'
import {judgeStream, MAX_HEAD_BYTES, type PlannedStream} from '../../../src/lib/zfs/judge-stream.ts'
import {parseGuid} from '../../../src/lib/zfs/name.ts'
import {encodeStreamHeader, FEATURE, type HeaderFields} from './encode-stream-header.ts'

const FULL: PlannedStream = {type: 'filesystem', raw: false, toguid: parseGuid('7'), fromguid: undefined}
const STEP: PlannedStream = {...FULL, fromguid: parseGuid('6')}
const ADMITTED = {kind: 'admitted', properties: false}
const refused = (because: string) => ({kind: 'refused', because})
const header = (fields: HeaderFields = {}) => encodeStreamHeader({toguid: 7n, ...fields})

describe('a plain stream', () => {
  // biome-ignore format: a table
  test.each<[string, PlannedStream, HeaderFields, object]>([
    ['in full',            FULL, {}, ADMITTED],
    ['of a step',          STEP, {fromguid: 6n}, ADMITTED],
    ['resumed',            STEP, {fromguid: 6n, features: [FEATURE.resuming], payloadBytes: 400}, ADMITTED],
    ['compressed',         FULL, {features: [FEATURE.compressed, FEATURE.largeBlocks, FEATURE.embedded]}, ADMITTED],
    ['raw',                {...FULL, raw: true}, {features: [FEATURE.raw], payloadBytes: 2000}, ADMITTED],
    ['of a volume',        {...FULL, type: 'volume'}, {objectType: 3}, ADMITTED],
    ['of a big-endian host', STEP, {fromguid: 6n, bigEndian: true}, ADMITTED],
    ['of another guid',    FULL, {toguid: 8n}, refused('it makes a snapshot with guid 8, not 7')],
    ['of the largest guid', FULL, {toguid: 2n ** 64n - 1n}, refused('it makes a snapshot with guid 18446744073709551615, not 7')],
    ['on another base',    STEP, {fromguid: 5n}, refused('its base is 5, not 6')],
    ['on no base',         STEP, {}, refused('its base is nothing, not 6')],
    ['on any base',        FULL, {fromguid: 6n}, refused('its base is 6, not nothing')],
    ['in the clear',       {...FULL, raw: true}, {}, refused('it is not raw')],
    ['raw, not asked for', FULL, {features: [FEATURE.raw]}, refused('it is raw')],
    ['of a filesystem',    {...FULL, type: 'volume'}, {}, refused('it is not of a volume')],
    ['of something new',   FULL, {objectType: 4}, refused('it is not of a filesystem')],
    ['of a clone',         STEP, {fromguid: 6n, flags: 1}, refused('it makes a clone')],
    ['redacted',           FULL, {features: [FEATURE.redacted]}, refused('it is redacted')],
    ['that is none',       FULL, {magic: 1n}, refused('this is not a ZFS stream')],
    ['without a guid',     FULL, {toguid: 0n}, refused('the stream has no toguid')],
  ])('%s', (_, planned, fields, verdict) => {
    expect(judgeStream(header(fields), planned)).toEqual(verdict)
  })

  test('is not judged by a part of its first record', () => {
    for (const length of [0, 1, 311])
      expect(judgeStream(header().subarray(0, length), FULL)).toEqual({kind: 'more', bytes: 312})
  })
})

describe('a package', () => {
  const PAYLOAD = 128
  const outer = (payloadBytes = PAYLOAD) => header({hdrtype: 2, toguid: 0n, payloadBytes})
  const around = (proper: Buffer) =>
    Buffer.concat([outer(), Buffer.alloc(PAYLOAD), Buffer.alloc(312), proper])

  test('counts for the stream behind its properties', () => {
    expect(judgeStream(around(header({fromguid: 6n})), STEP)).toEqual({kind: 'admitted', properties: true})
    expect(judgeStream(around(header({toguid: 8n})), FULL)).toEqual(
      refused('it makes a snapshot with guid 8, not 7'),
    )
    expect(judgeStream(around(header({magic: 1n})), FULL)).toEqual(
      refused('behind its properties: this is not a ZFS stream'),
    )
    expect(judgeStream(around(outer()), FULL)).toEqual(refused('it is a package of packages'))
  })

  test('says how much of it is to be seen', () => {
    expect(judgeStream(outer(), FULL)).toEqual({kind: 'more', bytes: 312 + PAYLOAD + 312 + 312})
    expect(judgeStream(around(header()).subarray(0, -1), FULL)).toEqual({kind: 'more', bytes: 1064})
  })

  test('with more properties than a pipe holds is refused', () => {
    const most = MAX_HEAD_BYTES - 3 * 312
    expect(judgeStream(outer(most), FULL)).toEqual({kind: 'more', bytes: MAX_HEAD_BYTES})
    expect(judgeStream(outer(most + 1), FULL)).toEqual(
      refused(`its properties take ${most + 1} bytes, too many to look behind them`),
    )
  })
})
