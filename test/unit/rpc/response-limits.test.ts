import {expect, test} from 'vitest'
import type {Request} from '../../../src/lib/rpc/request.ts'
import {responseLimits} from '../../../src/lib/rpc/response-limits.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'

const filesystem = parseDatasetName('tank/a')
const abort = (count: number): Request => ({
  verb: 'abort-partial',
  filesystems: Array.from({length: count}, () => filesystem),
})

test.each<[string, Request, number, number]>([
  ['a listing', {verb: 'observe', confirm: undefined}, 67_108_864, 0],
  ['nothing', {verb: 'alive'}, 1_048_576, 0],
  ['one outcome', abort(1), 1_058_816, 1],
  ['a thousand outcomes', abort(1000), 11_288_576, 1000],
  ['a hundred thousand outcomes', abort(100_000), 25_165_824, 100_000],
])('the answer to a request for %s has its length', (_, request, bytes, objects) => {
  expect(responseLimits(request)).toEqual({bytes, objects})
})
