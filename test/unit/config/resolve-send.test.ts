import {expect, test} from 'vitest'
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
  expect(resolveSend(limit === undefined ? {} : {bandwidth_limit: limit}).bandwidthLimit).toEqual(resolved)
})
