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

test('what is sent and what is received have their own', () => {
  const limit = {bytesPerSecond: 1024, bucketBytes: 131_072}
  expect(resolveSend({bandwidth_limit: {max: '1 KiB'}}).bandwidthLimit).toEqual(limit)
  expect(resolveReceive({bandwidth_limit: {max: '1 KiB'}}).bandwidthLimit).toEqual(limit)
})
