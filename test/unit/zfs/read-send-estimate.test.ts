import {describe, expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {readSendEstimate} from '../../../src/lib/zfs/read-send-estimate.ts'

const DUMP =
  'resume token contents:\nnvlist version: 0\n\tobject = 0x2\n\ttoname = tank/a@b\n\trawok = (boolean)\n'

test.each([
  ['full', 'full\ttank/a@b\t5389768\nsize\t5389768\n', 5389768n],
  ['incremental', 'incremental\ta\ttank/a@b\t624\nsize\t624\n', 624n],
  ['incremental with the full name of its source', 'incremental\ttank/a@a\ttank/a@b\t624\nsize\t624\n', 624n],
  ['from a bookmark', 'incremental\ttank/a#a\ttank/a@b\t1\nsize\t1\n', 1n],
  ['names with blanks', 'full\ttank/a b@c d\t12\nsize\t12', 12n],
  ['without a sum', 'full\ttank/a@b\t7\n', 7n],
  ['the sum counts', 'full\ttank/a@b\t7\nsize\t9\n', 9n],
  ['empty increments of old versions have no size', 'incremental\ta\ttank/a@b\nsize\t0\n', 0n],
  ['no size at all', 'incremental\ta\ttank/a@b\n', undefined],
  ['resumed', `${DUMP}full\ttank/a@b\t31\nsize\t31\n`, 31n],
  ['beyond 2^53', 'full\ttank/a@b\t9007199254740993\n', 9007199254740993n],
  ['the largest that is believed', 'size\t9223372036854775806\n', 9223372036854775806n],
  [
    'the nonsense of openzfs#12265',
    'incremental\ta\ttank/a@b\t18446744073709551615\nsize\t18446744073709551615\n',
    undefined,
  ],
  ['just as absurd', 'full\ttank/a@b\t9223372036854775807\nsize\t9223372036854775807\n', undefined],
])('%s', (_, stdout, bytes) => expect(readSendEstimate(stdout)).toBe(bytes))

describe('what is refused', () => {
  test.each([
    ['nothing', ''],
    ['only a token', DUMP],
    ['a message', 'would send 5M\n'],
    ['a size with a unit', 'size\t5.1M\n'],
    ['a negative size', 'size\t-1\n'],
    ['no snapshot', 'full\ttank/a\t1\n'],
    ['a field too many', 'full\ttank/a@b\t1\t2\n'],
    ['a carriage return', 'size\t1\r\n'],
    ['an empty line', 'size\t1\n\nsize\t1\n'],
    ['too many digits', `size\t${'1'.repeat(21)}\n`],
    ['a mebibyte', 'size\t1\n'.repeat(150_000)],
  ])('%s', (_, stdout) => expect(() => readSendEstimate(stdout)).toThrow(OperationalError))
})
