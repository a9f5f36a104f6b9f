import {expect, test} from 'vitest'
import {type BuiltinSshTarget, parseSshClientWords, sshClientWords} from '../../../src/lib/ssh/target.ts'

const TARGET: BuiltinSshTarget = {
  host: '2001:db8::7',
  port: 2222,
  user: 'zrepl',
  identityFile: '-odd name',
  knownHostsFiles: ['~/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'],
  hostKeyAlias: 'vault',
  aliveIntervalS: 15,
  aliveCountMax: 4,
  connectTimeoutMs: 0,
}

test.each([TARGET, {...TARGET, knownHostsFiles: [], hostKeyAlias: undefined}])(
  'what is written is what is read',
  (target) => {
    expect(parseSshClientWords(sshClientWords(target).slice(1))).toEqual(target)
  },
)

test.each([
  ['no host', ['--user=u', '--identity-file=f', '--port=22'], /needs --user, --identity-file and one host/],
  ['two hosts', [...sshClientWords(TARGET).slice(1), 'another'], /one host/],
  ['a port that is none', ['--user=u', '--identity-file=f', '--port=ssh', 'h'], /--port needs a number/],
  ['another option', ['--command=sh', 'h'], /command/],
])('%s is refused', (_what, words, message) => {
  expect(() => parseSshClientWords(words)).toThrow(message)
})
