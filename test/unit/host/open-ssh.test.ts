import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {openSsh, type SshTarget, sshArgv} from '../../../src/lib/host/open-ssh.ts'
import {codeOf, script, temporaryDirectory, testContext} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

const TARGET: SshTarget = {
  host: 'backup.example.com',
  user: 'zrepl',
  port: 2222,
  identityFile: '/etc/zrepl/ssh/id ed25519',
  options: ['UserKnownHostsFile=/etc/zrepl/known_hosts', 'ServerAliveInterval=5'],
  dialTimeoutMs: 9500,
}

test('the words of the command', () => {
  const words = sshArgv(TARGET)
  expect(words.slice(0, 7)).toEqual(['-T', '-a', '-x', '-p', '2222', '-i', '/etc/zrepl/ssh/id ed25519'])
  expect(words.slice(-2)).toEqual(['--', 'zrepl@backup.example.com'])
  const options = words.slice(7, -2)
  expect(options.filter((_, index) => index % 2 === 0).every((word) => word === '-o')).toBe(true)
  expect(options.filter((_, index) => index % 2 === 1)).toEqual([
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'ForwardAgent=no',
    'ForwardX11=no',
    'ClearAllForwardings=yes',
    'Tunnel=no',
    'ControlMaster=no',
    'ControlPath=none',
    'PermitLocalCommand=no',
    'RemoteCommand=none',
    'RequestTTY=no',
    'EscapeChar=none',
    'UserKnownHostsFile=/etc/zrepl/known_hosts',
    'ServerAliveInterval=5',
    'IdentitiesOnly=yes',
    'ServerAliveInterval=10',
    'ServerAliveCountMax=3',
    'ConnectTimeout=10',
  ])
})

test('without a limit for dialling ssh has its own', () => {
  expect(sshArgv({...TARGET, dialTimeoutMs: 0}).filter((word) => word.startsWith('ConnectTimeout'))).toEqual(
    [],
  )
  expect(sshArgv({...TARGET, dialTimeoutMs: 1})).toContain('ConnectTimeout=1')
})

const ssh = Bun.which('ssh', {PATH: '/usr/bin:/usr/local/bin'})

test.skipIf(ssh === null)(
  'a real ssh understands them, and takes safety from us and taste from the user',
  () => {
    const hostile = {
      ...TARGET,
      identityFile: import.meta.filename,
      options: [
        ...TARGET.options,
        'StrictHostKeyChecking=no',
        'ControlMaster=auto',
        'EscapeChar=~',
        'ForwardAgent=yes',
      ],
    }
    const {stdout, stderr, exitCode} = Bun.spawnSync([ssh ?? '', '-G', '-F', 'none', ...sshArgv(hostile)])
    expect(stderr.toString()).toBe('')
    expect(exitCode).toBe(0)
    const lines = stdout.toString().split('\n')
    for (const line of [
      'host backup.example.com',
      'user zrepl',
      'port 2222',
      'batchmode yes',
      'stricthostkeychecking true',
      'controlmaster false',
      'escapechar none',
      'forwardagent no',
      'clearallforwardings yes',
      'permitlocalcommand no',
      'requesttty false',
      'identitiesonly yes',
      'serveraliveinterval 5',
      'serveralivecountmax 3',
      'connecttimeout 10',
      'userknownhostsfile /etc/zrepl/known_hosts',
    ]) {
      expect(lines).toContain(line)
    }
    expect(stdout.toString()).not.toMatch(/^(remotecommand|controlpath|localcommand|proxycommand) (?!none)/m)
  },
)

describe('words that cannot be', () => {
  test.each([
    [{host: '-oProxyCommand=touch /tmp/x'}],
    [{host: 'a b'}],
    [{host: 'a\nb'}],
    [{host: '$(id)'}],
    [{host: '`id`'}],
    [{host: ''}],
    [{user: '-x'}],
    [{user: 'a;b'}],
    [{user: ''}],
    [{identityFile: '-oX'}],
    [{identityFile: ''}],
  ])('%o', async (change) => {
    expect(await codeOf(() => sshArgv({...TARGET, ...change}))).toBe('config')
  })

  test.each([
    [{host: 'fe80::1%eth0'}],
    [{host: '192.0.2.1'}],
    [{host: 'a_b-c.d'}],
    [{user: 'DOMAIN\\user'}],
    [{user: 'machine$'}],
  ])('but %o can', (change) => {
    expect(sshArgv({...TARGET, ...change}).length).toBeGreaterThan(0)
  })
})

test('it is started with where keys and agent are, and nothing else', async () => {
  const path = script(directory.path, 'ssh', 'env -u PWD -u SHLVL -u _ -u OLDPWD | sort; echo end')
  const environment = {
    HOME: '/home/zrepl',
    SSH_AUTH_SOCK: '/run/agent',
    SSH_ASKPASS: '/evil',
    DISPLAY: ':0',
    PATH: '/evil',
  }
  const lane = await openSsh(TARGET, {environment, path})(testContext())
  expect(lane.peer).toBe('ssh zrepl@backup.example.com:2222')
  const expected = [
    'HOME=/home/zrepl',
    'LANG=C',
    'LANGUAGE=',
    'LC_ALL=C',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin',
    'SSH_AUTH_SOCK=/run/agent',
    'end\n',
  ].join('\n')
  const read = await lane.reader.read(expected.length, new AbortController().signal)
  expect(new TextDecoder().decode(read)).toBe(expected)
  await lane.close()
})
