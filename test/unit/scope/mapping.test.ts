import {describe, expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {createMapping} from '../../../src/lib/scope/mapping.ts'
import {NameError, parseDatasetName} from '../../../src/lib/zfs/name.ts'

const ROOT = parseDatasetName('backup/root')

describe('where a sender’s dataset lies', () => {
  test.each([
    ['alice', 'tank', 'backup/root/alice/tank'],
    ['alice', 'tank/a b', 'backup/root/alice/tank/a b'],
    [undefined, 'tank/a', 'backup/root/tank/a'],
    ['tank', 'tank/tank', 'backup/root/tank/tank/tank'],
    ['-x', 'tank', 'backup/root/-x/tank'],
  ])('%s, %s: %s, and back', (identity, path, dataset) => {
    const mapping = createMapping(ROOT, identity)
    expect(mapping.toReceiver(parseDatasetName(path))).toBe(dataset)
    expect(mapping.toSender(parseDatasetName(dataset))).toBe(path)
  })

  test('base is what everything lies below', () => {
    expect(createMapping(ROOT, 'alice').base).toBe('backup/root/alice')
    expect(createMapping(ROOT, undefined).base).toBe('backup/root')
  })
})

describe('what is not the sender’s', () => {
  const mapping = createMapping(ROOT, 'client1')
  test.each([
    ['another client whose name begins alike', 'backup/root/client10/tank'],
    ['another client whose name begins alike, read with an offset', 'backup/root/client1.tank/a'],
    ['another client', 'backup/root/alice/tank'],
    ['the client’s own dataset', 'backup/root/client1'],
    ['root_fs', 'backup/root'],
    ['above root_fs', 'backup'],
    ['a sibling of root_fs that begins alike', 'backup/root2/client1/tank'],
    ['another spelling', 'backup/root/Client1/tank'],
    ['a name no pool can have', 'backup/root/client1/9tank'],
    ['a name no pool can have', 'backup/root/client1/-tank/a'],
  ])('%s: %s', (_, dataset) => {
    expect(mapping.toSender(parseDatasetName(dataset))).toBeUndefined()
  })
})

describe('client identities that would lead elsewhere (T2)', () => {
  test.each([
    '',
    '.',
    '..',
    'a/b',
    '/a',
    'a/',
    '../x',
    'a@b',
    'a#b',
    'a%b',
    'a\n',
    'a\0',
    'é',
    'x'.repeat(256),
  ])('%j', (identity) => {
    expect(() => createMapping(ROOT, identity)).toThrow(NameError)
  })
})

describe('names that do not fit', () => {
  const mapping = createMapping(ROOT, 'c')
  const overhead = 'backup/root/c/'.length
  const path = (length: number) => parseDatasetName(`t/${'x'.repeat(length - 2)}`)

  test('255 bytes on the receiver fit, 256 do not', () => {
    expect(mapping.toReceiver(path(255 - overhead))).toHaveLength(255)
    expect(() => mapping.toReceiver(path(256 - overhead))).toThrow(OperationalError)
  })

  test('the snapshot’s name counts when it is given', () => {
    expect(mapping.toReceiver(path(255 - overhead - 5), 'snap')).toHaveLength(250)
    expect(() => mapping.toReceiver(path(256 - overhead - 5), 'snap')).toThrow(OperationalError)
    expect(mapping.toReceiver(path(256 - overhead - 5))).toHaveLength(251)
  })

  test('the error has a code and does not tell where the base is', () => {
    const error = thrownBy(() => mapping.toReceiver(path(250), 'snap'))
    expect(error).toMatchObject({code: 'name-too-long'})
    expect(String(error)).toContain('269 bytes')
    expect(String(error)).not.toContain('backup')
  })

  test('too deep', () => {
    const deep = parseDatasetName(Array.from({length: 49}, () => 'd').join('/'))
    expect(thrownBy(() => mapping.toReceiver(deep))).toMatchObject({code: 'name-too-long'})
  })

  test('an identity too long for root_fs', () => {
    expect(() => createMapping(ROOT, 'x'.repeat(250))).toThrow(NameError)
  })
})

function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return expect.fail('nothing was thrown')
}
