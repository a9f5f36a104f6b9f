import {expect, test} from 'vitest'
import {propertiesToInherit, WITHHELD_PROPERTIES} from '../../../src/lib/scope/received-properties.ts'

const NOTHING = {inherit: [], override: new Map<string, string>(), accept: []}

test('what could do harm is withheld, and the property by which placeholders are known', () => {
  expect(propertiesToInherit(NOTHING)).toEqual(WITHHELD_PROPERTIES)
  expect(WITHHELD_PROPERTIES).toEqual(
    expect.arrayContaining(['mountpoint', 'setuid', 'sharenfs', 'zrepl:placeholder']),
  )
})

test('what the job accepts or sets itself is not, and what it wants inherited is named once', () => {
  const properties = propertiesToInherit({
    inherit: ['compression', 'exec'],
    override: new Map([['readonly', 'on']]),
    accept: ['canmount'],
  })
  expect(properties.filter((name) => name === 'exec')).toEqual(['exec'])
  expect(properties).toContain('compression')
  expect(properties).toContain('mountpoint')
  expect(properties).not.toContain('readonly')
  expect(properties).not.toContain('canmount')
})
