import {expect, test} from 'vitest'
import {failureOfReceive, failureOfSend} from '../../../src/lib/zfs/read-errno.ts'

/** Numbers of Linux, and of ZFS from 1024 on, that OpenZFS 2.1.11 and 2.3.2 were seen to answer with, or that libzfs knows. */
test.each([
  [1, 'permission'],
  [2, 'does-not-exist'],
  [3, 'does-not-exist'],
  [13, 'key-not-loaded'],
  [18, 'not-the-base'],
  [22, 'stream'],
  [28, 'no-space'],
  [32, 'cut'],
] as const)('send: errno %i is %s', (errno, kind) => {
  expect(failureOfSend(errno).kind).toBe(kind)
})

test.each([
  [1, 'permission'],
  [2, 'does-not-exist'],
  [13, 'key-not-loaded'],
  [16, 'busy'],
  [17, 'exists'],
  [19, 'not-the-base'],
  [22, 'stream'],
  [26, 'modified'],
  [28, 'no-space'],
  [122, 'no-space'],
  [52, 'cut'],
  [1035, 'not-the-base'],
  [1040, 'cut'],
  [1041, 'not-the-base'],
] as const)('receive: errno %i is %s', (errno, kind) => {
  expect(failureOfReceive(errno, {raw: false}).kind).toBe(kind)
})

test('no key is needed to receive raw: what is refused then is another key', () => {
  expect(failureOfReceive(13, {raw: true})).toEqual({
    kind: 'stream',
    message: 'encryption key does not match existing key',
  })
})

test('a number that is not known is told', () => {
  expect(failureOfSend(9999)).toEqual({kind: 'unknown', message: 'errno 9999'})
})
