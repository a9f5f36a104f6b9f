import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {confineToFilter, confineToRoot, notPermitted} from '../../../src/lib/scope/confine.ts'
import {parseFilter} from '../../../src/lib/scope/filter.ts'
import {createMapping} from '../../../src/lib/scope/mapping.ts'
import {componentsOf, NameError, parseDatasetName} from '../../../src/lib/zfs/name.ts'

const tank = parseDatasetName('tank/a')

describe('requests to a sender', () => {
  const filter = parseFilter(new Map([['tank/a<', true]]))

  test('pass when the filter accepts', () => {
    expect(confineToFilter(filter, tank)).toBe(tank)
  })

  test('get the same answer whether the dataset is outside or missing (T19)', () => {
    const outside = parseDatasetName('tank/secret')
    expect(() => confineToFilter(filter, outside)).toThrow(notPermitted(outside).message)
    expect(notPermitted(tank)).toMatchObject({
      code: 'not-permitted',
      message: "'tank/a': not permitted or does not exist",
    })
  })
})

describe('requests to a receiver', () => {
  const root = parseDatasetName('backup/root')
  const mapping = createMapping(root, 'client1')

  test('lead below the client’s own dataset', () => {
    expect(confineToRoot(mapping, tank)).toBe('backup/root/client1/tank/a')
  })

  test('that do not fit are refused with room for the snapshot', () => {
    const long = parseDatasetName(`tank/${'x'.repeat(225)}`)
    expect(confineToRoot(mapping, long)).toHaveLength(250)
    expect(() => confineToRoot(mapping, long, 'snapshot')).toThrow(OperationalError)
  })

  test('a mapping that leads out of its base is a bug, not an answer', () => {
    const broken = {...mapping, toReceiver: () => parseDatasetName('backup/root/client10/tank/a')}
    expect(() => confineToRoot(broken, tank)).toThrow('escapes')
    expect(() => confineToRoot({...mapping, toReceiver: () => mapping.base}, tank)).toThrow('escapes')
    expect(() => confineToRoot({...mapping, toSender: () => undefined}, tank)).toThrow('lead back')
  })

  test('any text either is refused or has exactly the base’s components in front (T1, T3)', () => {
    const base = componentsOf(mapping.base)
    const hostile = fc.stringMatching(/^[a-z./@#%, 0-9\n\0-]{0,40}$/)
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string()), (text) => {
        try {
          const components = componentsOf(confineToRoot(mapping, parseDatasetName(text)))
          expect(components.slice(0, base.length)).toEqual(base)
          expect(components.slice(base.length)).toEqual(text.split('/'))
          expect(components).not.toContain('..')
          expect(components).not.toContain('')
        } catch (error) {
          if (!(error instanceof NameError || error instanceof OperationalError)) throw error
        }
      }),
      {numRuns: 5000},
    )
  })

  test.each([
    '../client10/x',
    'tank/../../client10/x',
    '/tank',
    'tank/',
    'tank//a',
    '.',
    '',
    'tank/a@s',
    'tank/a%',
    '-r',
    '9tank',
  ])('%j is no dataset at all', (text) => {
    expect(() => confineToRoot(mapping, parseDatasetName(text))).toThrow(NameError)
  })
})
