import {describe, expect, test} from 'vitest'
import {ABSTRACTION_TYPES} from '../../../src/lib/abstraction/abstraction.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {parseQuery, type QueryWords} from '../../../src/lib/upkeep/query.ts'

test('nothing asked is everything', () => {
  const {filter, types, jobId} = parseQuery({})
  expect(Array.from(filter.patterns)).toEqual([['<', true]])
  expect([...types]).toEqual([...ABSTRACTION_TYPES])
  expect(jobId).toBeUndefined()
})

describe('filesystems', () => {
  test.each<[QueryWords, [string, boolean][]]>([
    [
      {filesystems: ['tank/a', 'tank/b<']},
      [
        ['tank/a', true],
        ['tank/b<', true],
      ],
    ],
    [{fs: 'tank/a'}, [['tank/a', true]]],
    [
      {fs: 'tank<:ok,tank/tmp<:!'},
      [
        ['tank<', true],
        ['tank/tmp<', false],
      ],
    ],
    [{fs: 'tank/a:ok'}, [['tank/a', true]]],
    [{fs: 'tank/a:b'}, [['tank/a:b', true]]],
    [{fs: 'tank/a:b:!'}, [['tank/a:b', false]]],
  ])('%j', (words, expected) => expect(Array.from(parseQuery(words).filter.patterns)).toEqual(expected))
})

test.each<[QueryWords, RegExp]>([
  [{fs: 'tank/a/'}, /slash/],
  [{fs: 'tank:ok,home'}, /'home' is not PATTERN:ok/],
  [{fs: 'tank,home'}, /','/],
  [{filesystems: ['']}, /empty/],
  [{types: ['step-hold', 'hold']}, /no type 'hold'/],
  [{job: '_internal'}, /starts with _/],
])('%j is a usage error', (words, message) => {
  expect(() => parseQuery(words)).toThrow(OperationalError)
  expect(() => parseQuery(words)).toThrow(message)
  expect(() => parseQuery(words)).toThrow(expect.objectContaining({code: 'usage'}))
})
