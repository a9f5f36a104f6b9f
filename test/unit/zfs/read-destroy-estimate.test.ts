import {expect, test} from 'vitest'
import {readDestroyEstimate} from '../../../src/lib/zfs/read-destroy-estimate.ts'

test('the sum behind the names, also beyond 2^53', () => {
  expect(readDestroyEstimate('destroy\ttank/a@b\ndestroy\ttank/a b@c\nreclaim\t18446744073709551615\n')).toBe(
    2n ** 64n - 1n,
  )
  expect(readDestroyEstimate('reclaim\t0\n')).toBe(0n)
})

test.each([
  '',
  'destroy\ttank/a@b\n',
  'reclaim\t1\nreclaim\t2\n',
  'would destroy tank/a@b\nreclaim\t1\n',
  'reclaim\t-1\n',
  'reclaim\t1.5K\n',
])('not an estimate: %j', (text) => {
  expect(() => readDestroyEstimate(text)).toThrow('which is not an estimate')
})
