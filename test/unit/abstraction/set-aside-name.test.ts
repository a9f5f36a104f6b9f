import {expect, test} from 'vitest'
import {isSetAsideName, setAsideName} from '../../../src/lib/abstraction/set-aside-name.ts'
import {NameError, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'

test.each(['1', '18446744073709551615'])(
  'the name of a copy that was set aside is known again: guid %s',
  (guid) => {
    expect(isSetAsideName(setAsideName(parseDatasetName('vault/a b'), parseGuid(guid)))).toBe(true)
  },
)

test('it says which copy it was', () => {
  expect(setAsideName(parseDatasetName('vault/data'), parseGuid('255'))).toBe(
    'vault/data_diverged_00000000000000ff',
  )
  expect(() => setAsideName(parseDatasetName(`vault/${'x'.repeat(240)}`), parseGuid('1'))).toThrow(NameError)
})

test.each([
  'vault/data',
  'vault/data_diverged',
  'vault/data_diverged_ff',
  'vault/data_diverged_00000000000000FF',
  'vault/data_diverged_00000000000000ff/below',
])('%s is no such name', (name) => {
  expect(isSetAsideName(parseDatasetName(name))).toBe(false)
})
