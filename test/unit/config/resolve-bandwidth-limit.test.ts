import {expect, test} from 'vitest'
import {resolveBandwidthLimit} from '../../../src/lib/config/resolve-bandwidth-limit.ts'
import {resolveReceive} from '../../../src/lib/config/resolve-receive.ts'
import {resolveSend} from '../../../src/lib/config/resolve-send.ts'

test.each([
  [undefined, undefined],
  [{}, undefined],
  [{max: '-1 B'}, undefined],
  [{max: '23.5 MiB'}, {bytesPerSecond: 24_641_536, bucketBytes: 131_072}],
  [
    {max: '100 Mb', bucket_capacity: '1 KiB'},
    {bytesPerSecond: 12_500_000, bucketBytes: 1024},
  ],
])('bandwidth_limit %j is %j', (limit, resolved) => {
  expect(resolveBandwidthLimit(limit)).toEqual(resolved)
})

test('a buffer is as large as it says, and none by default', () => {
  expect(resolveSend({buffer: '64 MiB'}).bufferBytes).toBe(67_108_864)
  expect(resolveReceive({buffer: '1 KiB'}).bufferBytes).toBe(1024)
  expect([resolveSend().bufferBytes, resolveReceive().bufferBytes]).toEqual([undefined, undefined])
})

test('what is sent and what is received have their own', () => {
  const limit = {bytesPerSecond: 1024, bucketBytes: 131_072}
  expect(resolveSend({bandwidth_limit: {max: '1 KiB'}}).bandwidthLimit).toEqual(limit)
  expect(resolveReceive({bandwidth_limit: {max: '1 KiB'}}).bandwidthLimit).toEqual(limit)
})
