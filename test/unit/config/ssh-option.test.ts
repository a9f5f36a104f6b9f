import {describe, expect, test} from 'vitest'
import {parseSshHost, parseSshOption, parseSshUser} from '../../../src/lib/config/ssh-option.ts'

describe('options', () => {
  test.each([
    ['Compression=yes', 'Compression', 'yes'],
    ['Compression yes', 'Compression', 'yes'],
    [' ServerAliveInterval = 15 ', 'ServerAliveInterval', '15'],
    [
      'UserKnownHostsFile=/etc/zrepl/known_hosts /etc/ssh/ssh_known_hosts',
      'UserKnownHostsFile',
      '/etc/zrepl/known_hosts /etc/ssh/ssh_known_hosts',
    ],
    ['StrictHostKeyChecking=yes', 'StrictHostKeyChecking', 'yes'],
    ['stricthostkeychecking="YES"', 'stricthostkeychecking', '"YES"'],
    ['ProxyCommand=none', 'ProxyCommand', 'none'],
    ['ProxyJump=gate.example.net:2222', 'ProxyJump', 'gate.example.net:2222'],
    ['ForwardAgent=no', 'ForwardAgent', 'no'],
    ['Ciphers=aes128-gcm@openssh.com', 'Ciphers', 'aes128-gcm@openssh.com'],
    ['IPQoS=throughput', 'IPQoS', 'throughput'],
    ['AddressFamily inet6', 'AddressFamily', 'inet6'],
  ])('%j is fine', (text, keyword, value) => {
    expect(parseSshOption(text)).toEqual({keyword, value})
  })

  test.each([
    'StrictHostKeyChecking=no',
    'StrictHostKeyChecking=off',
    'STRICTHOSTKEYCHECKING accept-new',
    'StrictHostKeyChecking="no"',
    'NoHostAuthenticationForLocalhost=yes',
    'ProxyCommand=nc %h %p',
    'proxycommand\tx',
    'KnownHostsCommand=/bin/x',
    'LocalCommand=x',
    'PermitLocalCommand=yes',
    'RemoteCommand=x',
    'Include=/tmp/x',
    'ForwardAgent=yes',
    'ForwardAgent=/run/agent',
    'ForwardX11=yes',
    'RemoteForward=8080 localhost:80',
    'LocalForward=1 a:2',
    'DynamicForward=1080',
    'Tunnel=yes',
    'ClearAllForwardings=no',
    'ControlMaster=auto',
    'ControlPath=/tmp/x',
    'ControlPersist=yes',
    'RequestTTY=yes',
    'BatchMode=no',
    'EscapeChar=~',
    'SessionType=none',
    'StdinNull=yes',
    'ForkAfterAuthentication=yes',
    'User=root',
    'Port=23',
    'IdentityFile=/x',
    'ProxyJump=-oProxyCommand=x',
    'Compression',
    'Compression=',
    '=yes',
    '',
    '-F/dev/null',
    '-oProxyCommand=x',
    '"ProxyCommand" x',
    '# Compression=yes',
    'Compression=yes\nProxyCommand=x',
    'Compression=yes\0',
    'Compressi\u00f6n=yes',
  ])('%j is refused', (text) => {
    expect(() => parseSshOption(text)).toThrow(/^bad ssh option/)
  })
})

test.each(['host', 'a.example.net', 'my_alias', '192.0.2.1', '2001:db8::1', '::1', 'fe80::1%eth0', '9front'])(
  'the host %s is fine',
  (text) => {
    expect(parseSshHost(text)).toBe(text)
  },
)

test.each([
  '',
  '-host',
  '-oProxyCommand=x',
  'user@host',
  'host:22',
  'a b',
  'a\n',
  '%h',
  'a%eth0',
  '[::1]',
  'h\u00f6st',
  'a/b',
  '.a',
  'a;b',
])('the host %j is refused', (text) => {
  expect(() => parseSshHost(text)).toThrow(/^bad host/)
})

test.each(['root', 'zrepl', '_zrepl', 'a.b-c+d', 'svc$', 'me@example.net', '1000'])(
  'the user %s is fine',
  (text) => {
    expect(parseSshUser(text)).toBe(text)
  },
)

test.each(['', '-x', 'a b', 'a@-x', 'a@b@c', 'a:b', 'a\n', '$a', '%u', 'a;b', '\u00e4'])(
  'the user %j is refused',
  (text) => {
    expect(() => parseSshUser(text)).toThrow(/^bad user/)
  },
)
