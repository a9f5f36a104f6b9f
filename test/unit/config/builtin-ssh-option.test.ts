import {describe, expect, test} from 'vitest'
import {builtinSshSettings, parseBuiltinSshOption} from '../../../src/lib/config/builtin-ssh-option.ts'

test('by default the files and intervals of ssh', () => {
  expect(builtinSshSettings([])).toEqual({
    knownHostsFiles: [
      '~/.ssh/known_hosts',
      '~/.ssh/known_hosts2',
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ],
    hostKeyAlias: undefined,
    aliveIntervalS: 10,
    aliveCountMax: 3,
  })
})

test('of several options for one thing the first counts', () => {
  expect(
    builtinSshSettings([
      'UserKnownHostsFile=/etc/zrepl/known_hosts ~/more',
      'globalknownhostsfile none',
      'HostKeyAlias="vault"',
      'ServerAliveInterval=5',
      'ServerAliveInterval=9',
      'ServerAliveCountMax 2',
      'BatchMode=yes',
    ]),
  ).toEqual({
    knownHostsFiles: ['/etc/zrepl/known_hosts', '~/more'],
    hostKeyAlias: 'vault',
    aliveIntervalS: 5,
    aliveCountMax: 2,
  })
})

describe('refused is', () => {
  test.each([
    ['Ciphers=aes128-ctr', /has no option 'Ciphers=aes128-ctr'/],
    ['ProxyJump=gate', /has no option/],
    ['IdentitiesOnly=no', /has no option/],
    ['StrictHostKeyChecking=no', /weakens the check/],
    ['UserKnownHostsFile=known_hosts', /neither an absolute path/],
    ['UserKnownHostsFile=/etc/%h', /neither an absolute path/],
    ['ServerAliveInterval=soon', /needs a number/],
  ])('%s', (option, message) => {
    expect(() => parseBuiltinSshOption(option)).toThrow(message)
  })
})
