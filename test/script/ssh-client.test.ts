import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Duplex, Writable} from 'node:stream'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type BuiltinSshTarget, sshClientWords} from '../../src/lib/ssh/target.ts'

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')

// The server half of ssh2 serves these tests only; the program's own declarations do not know it.
const {Server, utils} = createRequire(import.meta.url)('ssh2')

type KeyPair = {readonly private: string; readonly public: string}
const hostKey: KeyPair = utils.generateKeyPairSync('ed25519')
const otherKey: KeyPair = utils.generateKeyPairSync('ed25519')
const clientKey: KeyPair = utils.generateKeyPairSync('ed25519')

let directory = ''
let port = 0
let server: {close(): void}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'zrepl-ssh-'))
  writeFileSync(join(directory, 'id'), clientKey.private, {mode: 0o600})
  const listening = Promise.withResolvers<void>()
  server = new Server({hostKeys: [hostKey.private]}, serveClient).listen(
    0,
    '127.0.0.1',
    function bound(this: {address(): {port: number}}) {
      port = this.address().port
      listening.resolve()
    },
  )
  await listening.promise
})

afterAll(() => {
  server.close()
  rmSync(directory, {recursive: true})
})

/** What is used of a client of ssh2's server. */
type SshClient = {
  on(event: 'authentication', heard: (attempt: SshAttempt) => void): void
  on(event: 'session', heard: (accept: () => SshSession) => void): void
  on(event: 'error' | 'ready', heard: () => void): void
}
type SshAttempt = {
  readonly method: string
  readonly username: string
  readonly key?: {readonly data: Buffer}
  accept(): void
  reject(methods: readonly string[]): void
}
type SshSession = {on(event: 'shell', heard: (accept: () => SshChannel) => void): void}
type SshChannel = Duplex & {readonly stderr: Writable; exit(status: number): void}

/** Echoes what comes, says one line on stderr, and ends with status 7, as a forced command would. */
function serveClient(client: SshClient): void {
  const expected = utils.parseKey(clientKey.public).getPublicSSH()
  client.on('authentication', (attempt) => {
    const ours = attempt.method === 'publickey' && attempt.key?.data.equals(expected) === true
    return ours && attempt.username === 'zrepl' ? attempt.accept() : attempt.reject(['publickey'])
  })
  client.on('error', () => {})
  client.on('ready', () =>
    client.on('session', (accept) =>
      accept().on('shell', (acceptShell) => {
        const channel = acceptShell()
        channel.stderr.write('hello from the far side\n')
        channel.pipe(channel, {end: false})
        channel.on('end', () => {
          channel.exit(7)
          channel.end()
        })
      }),
    ),
  )
}

function connect(known: string, changes: Partial<BuiltinSshTarget> = {}, input: string | Uint8Array = '') {
  const knownHosts = join(directory, 'known_hosts')
  writeFileSync(knownHosts, known)
  const target: BuiltinSshTarget = {
    host: '127.0.0.1',
    port,
    user: 'zrepl',
    identityFile: join(directory, 'id'),
    knownHostsFiles: [knownHosts, join(directory, 'missing')],
    hostKeyAlias: undefined,
    aliveIntervalS: 15,
    aliveCountMax: 4,
    connectTimeoutMs: 10_000,
    ...changes,
  }
  return execa(EXECUTABLE, sshClientWords(target), {input, reject: false, encoding: 'buffer'})
}

const knownAs = (key: KeyPair) => `[127.0.0.1]:${port} ${key.public}\n`
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

test('is the far side’s stdin, stdout, stderr and exit status', async () => {
  const bytes = new Uint8Array(3_000_000).map((_, index) => (index * 7919) % 251)
  const {stdout, stderr, exitCode} = await connect(knownAs(hostKey), {}, bytes)
  expect(exitCode).toBe(7)
  expect(text(stderr)).toBe('hello from the far side')
  expect(Buffer.from(stdout).equals(bytes)).toBe(true)
})

describe('does not connect', () => {
  test('to a host that is not known', async () => {
    const {stderr, exitCode} = await connect('')
    expect(text(stderr)).toBe(
      `zrepl ssh-client: no host key is known for '[127.0.0.1]:${port}': add it to known_hosts after comparing it`,
    )
    expect(exitCode).toBe(255)
  })

  test('to a host that shows another key', async () => {
    const {stderr, exitCode} = await connect(knownAs(otherKey))
    expect(text(stderr)).toContain(`is not the one at ${join(directory, 'known_hosts')}:1`)
    expect(exitCode).toBe(255)
  })

  test('to a host whose key is revoked', async () => {
    const {stderr} = await connect(`${knownAs(hostKey)}@revoked * ${hostKey.public}\n`)
    expect(text(stderr)).toContain('is revoked at')
  })

  test('as somebody the server does not want', async () => {
    const {stderr, exitCode} = await connect(knownAs(hostKey), {user: 'root'})
    expect(text(stderr)).toContain('authentication')
    expect(exitCode).toBe(255)
  })

  test('where nobody listens', async () => {
    const {stderr, exitCode} = await connect(`[127.0.0.1]:1 ${hostKey.public}\n`, {port: 1})
    expect(text(stderr)).toContain('ECONNREFUSED')
    expect(exitCode).toBe(255)
  })

  test('with a key that others can read', async () => {
    const open = join(directory, 'open')
    writeFileSync(open, readFileSync(join(directory, 'id')))
    chmodSync(open, 0o644)
    const {stderr} = await connect(knownAs(hostKey), {identityFile: open})
    expect(text(stderr)).toContain('can be read by others (chmod 600)')
  })
})

test('another name for the host key', async () => {
  const {exitCode} = await connect(`vault ${hostKey.public}\n`, {hostKeyAlias: 'vault'})
  expect(exitCode).toBe(7)
})
