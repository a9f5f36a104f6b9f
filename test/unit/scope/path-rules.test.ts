import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {OperationalError} from '../../../src/lib/core/errors.ts'
import {createMapping} from '../../../src/lib/scope/mapping.ts'
import {createPathRules, type PathRule, parsePathRules} from '../../../src/lib/scope/path-rules.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'

const RULES = [
  {from: 'tank', to: 'rest/of it'},
  {from: 'tank/data', to: 'laptop'},
  {from: 'rpool/ROOT/debian', to: 'system'},
]

describe('where things lie', () => {
  const {place, origin} = createPathRules(parsePathRules(RULES))

  test.each([
    ['tank', 'rest/of it'],
    ['tank/a/b', 'rest/of it/a/b'],
    ['tank/data', 'laptop'],
    ['tank/data/x y', 'laptop/x y'],
    ['tank/database', 'rest/of it/database'],
    ['rpool/ROOT/debian', 'system'],
  ])('%s: %s, and back', (path, placed) => {
    expect(place(parseDatasetName(path))).toBe(placed)
    expect(origin(placed)).toBe(path)
  })

  test.each(['rpool', 'rpool/ROOT', 'tan', 'tank2/data', 'other'])('%s has no place', (path) => {
    expect(place(parseDatasetName(path))).toBeUndefined()
  })

  test.each(['rest', 'laptops', 'tank', 'rest/of it/data', 'rest/of it/data/x', 'systems/a'])(
    'what lies at %s is not ours',
    (path) => {
      expect(origin(path)).toBeUndefined()
    },
  )
})

test('a stripped prefix: the children lie directly below, the dataset itself has no place', () => {
  const mapping = createMapping(
    parseDatasetName('vault/in'),
    'c',
    parsePathRules([{from: 'tank/data', to: ''}]),
  )
  expect(mapping.toReceiver(parseDatasetName('tank/data/home'))).toBe('vault/in/c/home')
  expect(mapping.toSender(parseDatasetName('vault/in/c/home'))).toBe('tank/data/home')
  for (const path of ['tank/data', 'tank/other'])
    expect(() => mapping.toReceiver(parseDatasetName(path))).toThrow(
      expect.objectContaining({code: 'receive-policy'}) as OperationalError,
    )
})

describe('rules that cannot be', () => {
  test.each([
    [
      [
        {from: 'a', to: 'x'},
        {from: 'a', to: 'y'},
      ],
      "'a' is mapped twice",
    ],
    [
      [
        {from: 'a', to: 'x'},
        {from: 'b', to: 'x'},
      ],
      "'b' and 'a' would share a place: 'x' and 'x'",
    ],
    [
      [
        {from: 'a', to: 'x/y'},
        {from: 'b', to: 'x'},
      ],
      'would share a place',
    ],
    [
      [
        {from: 'a', to: ''},
        {from: 'b', to: 'x'},
      ],
      'would share a place',
    ],
    [[{from: 'a', to: 'x//y'}], 'bad'],
    [[{from: 'a', to: '../y'}], 'bad'],
    [[{from: 'a', to: '/y'}], 'bad'],
    [[{from: '9a', to: 'y'}], 'bad dataset name'],
  ])('%j', (rules, problem) => {
    expect(() => parsePathRules(rules)).toThrow(problem)
  })
})

test('whatever the rules, no two datasets share a place, and each is found again', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', 'ab'), {minLength: 1, maxLength: 4})
    .map((parts) => parts.join('/'))
  const rules = fc.array(fc.record({from: path, to: fc.oneof(path, fc.constant(''))}), {maxLength: 4})
  fc.assert(
    fc.property(rules, fc.uniqueArray(path, {minLength: 1, maxLength: 12}), (wanted, paths) => {
      const {place, origin} = createPathRules(accepted(wanted))
      const placed = paths.map(parseDatasetName).flatMap((path) => {
        const at = place(path)
        if (at !== undefined) expect(origin(at)).toBe(path)
        return at === undefined ? [] : [at]
      })
      expect(new Set(placed).size).toBe(placed.length)
    }),
  )
})

/** The rules as far as they can be together. */
function accepted(wanted: readonly {readonly from: string; readonly to: string}[]): readonly PathRule[] {
  let rules: readonly PathRule[] = []
  for (const rule of wanted)
    try {
      rules = parsePathRules([...rules, rule])
    } catch {
      // The others do without it.
    }
  return rules
}
