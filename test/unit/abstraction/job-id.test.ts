import {describe, expect, test} from 'vitest'
import {clientJobId, parseJobId, readJobId} from '../../../src/lib/abstraction/job-id.ts'
import {NameError} from '../../../src/lib/zfs/name.ts'

test('a job on behalf of a client is a job of its own, if both names fit', () => {
  const job = parseJobId('origin')
  expect(clientJobId(job, 'laptop 1')).toBe('origin_C_laptop 1')
  expect(() => clientJobId(job, 'x'.repeat(200))).toThrow(NameError)
})

describe('job names', () => {
  test.each([
    ['a'],
    ['prod_to_backups'],
    ['push to.drive:1-2'],
    ['a_J_b'],
    ['a__'],
    ['a_G_0123456789abcdef_J_'],
    ['a_G_0123456789ABCDEF_J_b'],
    ['a_G_0123456789abcde_J_b'],
    ['G_0123456789abcdef_J'],
    ['trailing blank '],
    ['a'.repeat(203)],
  ])('%j', (text) => {
    expect(parseJobId(text)).toBe(text)
    expect(readJobId(text)).toBe(text)
  })

  test.each([
    ['', 'empty'],
    ['_control', 'starts with _'],
    ['_', 'starts with _'],
    ['.', '. or ..'],
    ['..', '. or ..'],
    ['a/b', 'not allowed'],
    ['a@b', 'not allowed'],
    ['a#b', 'not allowed'],
    ['a%b', 'not allowed'],
    ['a+b', 'not allowed'],
    ['a\tb', 'not allowed'],
    ['a\n', 'not allowed'],
    ['jöb', 'not allowed'],
    ['a'.repeat(204), 'longer than 255'],
    ['a_G_0123456789abcdef_J_b', 'part of the name of a bookmark'],
    ['G_0123456789abcdef_J_b', 'part of the name of a bookmark'],
  ])('%j is refused: %s', (text, why) => {
    expect(() => parseJobId(text)).toThrow(NameError)
    expect(() => parseJobId(text)).toThrow(why)
    expect(readJobId(text)).toBeUndefined()
  })

  test('the message names the job, and a name that is only too long says so', () => {
    expect(() => parseJobId('a/b')).toThrow(
      "bad job name 'a/b': bad name 'a/b': the character '/' is not allowed",
    )
    const problemOf = (text: string) => {
      try {
        parseJobId(text)
      } catch (error) {
        return error instanceof NameError ? error.problem : undefined
      }
      return undefined
    }
    expect([problemOf('a'.repeat(204)), problemOf('a/b')]).toEqual(['too-long', 'malformed'])
  })
})
