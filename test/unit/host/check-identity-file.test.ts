import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {checkIdentityFile} from '../../../src/lib/host/check-identity-file.ts'
import {temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

const OPENSSH = '-----BEGIN OPENSSH PRIVATE KEY-----\n'

function key(text: string, mode: number): string {
  const path = `${directory.path}/key`
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test.each([
  [OPENSSH, 0o600],
  ['-----BEGIN EC PRIVATE KEY-----\n', 0o400],
  ['ssh-ed25519 AAAA me@here\n', 0o644],
  ['', 0o644],
])('%j with mode %o can be used', (text, mode) => {
  expect(() => checkIdentityFile(key(text, mode))).not.toThrow()
})

test.each([0o640, 0o604, 0o644])('a private key with mode %o cannot', (mode) => {
  expect(() => checkIdentityFile(key(OPENSSH, mode))).toThrow(
    `identity_file '${directory.path}/key' is a private key that others can read`,
  )
})

test('nor can what is missing or no file', () => {
  expect(() => checkIdentityFile(`${directory.path}/none`)).toThrow("none' does not exist")
  mkdirSync(`${directory.path}/dir`)
  expect(() => checkIdentityFile(`${directory.path}/dir`)).toThrow("dir' is not a plain file")
})

test('what ssh itself expands is left to it', () => {
  expect(() => checkIdentityFile('~/.ssh/none')).not.toThrow()
})
