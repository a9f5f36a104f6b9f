import {createHmac} from 'node:crypto'
import {describe, expect, test} from 'vitest'
import {
  judgeHostKey,
  knownHostName,
  knownKeyTypes,
  parseKnownHosts,
} from '../../../src/lib/ssh/known-hosts.ts'

const salt = Buffer.from('twenty bytes of salt').toString('base64')
const hashed = `|1|${salt}|${createHmac('sha1', Buffer.from(salt, 'base64')).update('[vault]:2222').digest('base64')}`

const FILE = `# a comment
backup.example.net,192.0.2.7 ssh-ed25519 AAAAgood somebody@somewhere
${hashed} ecdsa-sha2-nistp256 AAAAhash
*.lab.example.net,!gate.lab.example.net ssh-rsa AAAAlab
\tlonely  ssh-ed25519\tAAAAtabs
@revoked * ssh-ed25519 AAAAstolen
@cert-authority *.example.net ssh-ed25519 AAAAca
@unheard-of backup.example.net ssh-ed25519 AAAAodd
half ssh-ed25519
`

const known = parseKnownHosts(FILE, '/etc/known')

describe('a key is', () => {
  test.each([
    ['backup.example.net', 'AAAAgood', {kind: 'known'}],
    ['192.0.2.7', 'AAAAgood', {kind: 'known'}],
    ['backup.example.net', 'AAAAother', {kind: 'changed', place: '/etc/known:2'}],
    ['backup.example.net', 'AAAAstolen', {kind: 'revoked', place: '/etc/known:6'}],
    ['backup.example.net', 'AAAAca', {kind: 'changed', place: '/etc/known:2'}],
    ['backup.example.net', 'AAAAodd', {kind: 'changed', place: '/etc/known:2'}],
    ['backup.example.ne', 'AAAAgood', {kind: 'unknown'}],
    ['xbackup.example.net', 'AAAAgood', {kind: 'unknown'}],
    ['[vault]:2222', 'AAAAhash', {kind: 'known'}],
    ['vault', 'AAAAhash', {kind: 'unknown'}],
    ['a.lab.example.net', 'AAAAlab', {kind: 'known'}],
    ['gate.lab.example.net', 'AAAAlab', {kind: 'unknown'}],
    ['lonely', 'AAAAtabs', {kind: 'known'}],
    ['half', 'AAAAtabs', {kind: 'unknown'}],
  ])('%s %s: %o', (name, key, verdict) => {
    expect(judgeHostKey(known, name, key)).toEqual(verdict)
  })
})

test('a port that is not 22 is part of the name, and case is not', () => {
  expect(knownHostName('Backup.Example.net', 22)).toBe('backup.example.net')
  expect(knownHostName('VAULT', 2222)).toBe('[vault]:2222')
})

test('the types of the keys a host is known by, without revoked ones and authorities', () => {
  expect(knownKeyTypes(known, 'backup.example.net')).toEqual(['ssh-ed25519'])
  expect(knownKeyTypes(known, 'a.lab.example.net')).toEqual(['ssh-rsa'])
  expect(knownKeyTypes(known, 'nobody.example.net')).toEqual([])
})

test('a pattern of many stars takes no time', () => {
  const [entry] = parseKnownHosts(`${'*a'.repeat(200)}b ssh-ed25519 AAAA`, 'f')
  expect(judgeHostKey(entry === undefined ? [] : [entry], 'a'.repeat(250), 'AAAA')).toEqual({kind: 'unknown'})
})
