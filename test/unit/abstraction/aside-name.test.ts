import {expect, test} from 'vitest'
import {asideName, readAsideName} from '../../../src/lib/abstraction/aside-name.ts'
import {NameError, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'

const copyOf = (dataset: string) => ({dataset: parseDatasetName(dataset), newest: parseGuid('255')})

test.each([
  [asideName(copyOf('tank/a')), 'tank/a_diverged_00000000000000ff'],
  [asideName(copyOf('tank/a'), 2), 'tank/a_diverged_00000000000000ff_2'],
  [
    asideName(copyOf('tank/a_diverged_00000000000000ff'), 10),
    'tank/a_diverged_00000000000000ff_diverged_00000000000000ff_10',
  ],
])('%s', (name, expected) => {
  expect(name).toBe(expected)
  expect(readAsideName(name)).toEqual(copyOf(expected.replace(/_diverged_[0-9a-f]+(_[0-9]+)?$/, '')))
})

test('a name that gets too long is none', () => {
  expect(() => asideName(copyOf(`tank/${'a'.repeat(240)}`))).toThrow(NameError)
})

test.each([
  'tank/a',
  'tank/a_diverged_ff',
  'tank/a_diverged_00000000000000FF',
  'tank/a_diverged_0000000000000000',
  'tank/a_diverged_00000000000000ff_1',
  'tank/a_diverged_00000000000000ff_02',
  'tank/a_diverged_00000000000000ff/b',
  'tank/_diverged_00000000000000ff',
])('%s is no name of a copy that was set aside', (name) => {
  expect(readAsideName(parseDatasetName(name))).toBeUndefined()
})
