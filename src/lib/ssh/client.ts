import {once} from 'node:events'
import {readFileSync, statSync} from 'node:fs'
import {userInfo} from 'node:os'
import {join} from 'node:path'
import {type Channel, Client} from 'ssh2'
import {quoted} from '../core/printable.ts'
import {judgeHostKey, type KnownHost, knownHostName, knownKeyTypes, parseKnownHosts} from './known-hosts.ts'
import {type BuiltinSshTarget, parseSshClientWords} from './target.ts'

/** As ssh(1): the session's own status, or this one if there was an error of ours. */
const EXIT_ERROR = 255

/**
 * The built-in client as a process: one session with whatever the server's `authorized_keys` says, its stdin, stdout,
 * stderr and exit status ours. It stands in for ssh(1), so whoever starts it needs to know only one kind of connection;
 * the cipher costs processor time in this process alone.
 */
export async function runSshClient(words: readonly string[]): Promise<number> {
  try {
    return await session(parseSshClientWords(words))
  } catch (error) {
    process.stderr.write(`zrepl ssh-client: ${error instanceof Error ? error.message : String(error)}\n`)
    return EXIT_ERROR
  }
}

async function session(target: BuiltinSshTarget): Promise<number> {
  const privateKey = readKey(inHome(target.identityFile))
  const known = target.knownHostsFiles.map(inHome).flatMap(readKnownHosts)
  const client = new Client()
  try {
    const channel = await openSession(client, target, privateKey, known)
    return await bridge(client, channel)
  } finally {
    client.end()
  }
}

function openSession(
  client: Client,
  target: BuiltinSshTarget,
  privateKey: Uint8Array,
  known: readonly KnownHost[],
): Promise<Channel> {
  const name = knownHostName(
    target.hostKeyAlias ?? target.host,
    target.hostKeyAlias === undefined ? target.port : 22,
  )
  const keyTypes = knownKeyTypes(known, name)
  if (keyTypes.length === 0)
    throw new Error(`no host key is known for ${quoted(name)}: add it to known_hosts after comparing it`)
  const {promise, resolve, reject} = Promise.withResolvers<Channel>()
  let distrust: Error | undefined
  client.on('error', (error) => reject(distrust ?? error))
  client.on('close', () => reject(distrust ?? new Error('the connection was closed')))
  client.on('ready', () =>
    client.shell(false, {}, (error, channel) => (error === undefined ? resolve(channel) : reject(error))),
  )
  client.connect({
    host: target.host,
    port: target.port,
    username: target.user,
    privateKey,
    readyTimeout: target.connectTimeoutMs,
    keepaliveInterval: target.aliveIntervalS * 1000,
    keepaliveCountMax: target.aliveCountMax,
    hostVerifier: (key) => {
      distrust = reasonAgainst(known, name, Buffer.from(key).toString('base64'))
      return distrust === undefined
    },
    algorithms: {...ALGORITHMS, serverHostKey: signatureAlgorithms(keyTypes)},
  })
  return promise
}

/** Copies both ways until the server ends the session. Resolves to its exit status. */
async function bridge(client: Client, channel: Channel): Promise<number> {
  const ended = Promise.withResolvers<number>()
  let status = EXIT_ERROR
  channel.on('exit', (code: number | null) => {
    status = code ?? EXIT_ERROR
  })
  channel.on('close', () => ended.resolve(status))
  channel.on('error', (error: Error) => ended.reject(error))
  client.on('error', (error) => ended.reject(error))
  client.on('close', () => ended.resolve(status))
  process.stdout.on('error', () => ended.resolve(EXIT_ERROR))
  process.stdin.pipe(channel)
  channel.stderr.pipe(process.stderr)
  const written = once(channel.pipe(process.stdout), 'unpipe')
  try {
    const code = await ended.promise
    await Promise.race([written, once(process.stdout, 'error')])
    return code
  } finally {
    process.stdin.destroy()
  }
}

/** The home is the one the system knows, as for ssh(1), and not `HOME`. */
function inHome(path: string): string {
  return path.startsWith('~/') ? join(userInfo().homedir, path.slice(2)) : path
}

/** A key that others can read is no secret; ssh(1) refuses it too. */
function readKey(path: string): Uint8Array {
  const {mode} = statSync(path)
  if ((mode & 0o077) !== 0) throw new Error(`${quoted(path)} can be read by others (chmod 600)`)
  return readFileSync(path)
}

function readKnownHosts(path: string): readonly KnownHost[] {
  if (statSync(path, {throwIfNoEntry: false}) === undefined) return []
  return parseKnownHosts(readFileSync(path, 'utf8'), path)
}

function reasonAgainst(known: readonly KnownHost[], name: string, key: string): Error | undefined {
  const verdict = judgeHostKey(known, name, key)
  switch (verdict.kind) {
    case 'known':
      return undefined
    case 'revoked':
      return new Error(`the host key of ${quoted(name)} is revoked at ${verdict.place}`)
    case 'changed':
      return new Error(
        `the host key of ${quoted(name)} is not the one at ${verdict.place}: somebody may be between, or it was changed`,
      )
    case 'unknown':
      return new Error(`the host key of ${quoted(name)} is not known`)
  }
}

/** Only those that are sound today, and that the runtime's own crypto has. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
}

const HOST_KEY_ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const

/** An RSA key is of type `ssh-rsa` whatever it signs with; with SHA-1 it must not. */
function signatureAlgorithms(keyTypes: readonly string[]): readonly string[] {
  const algorithms = HOST_KEY_ALGORITHMS.filter((algorithm) =>
    keyTypes.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm),
  )
  if (algorithms.length === 0)
    throw new Error(`the built-in client has none of the known host keys' types: ${keyTypes.join(', ')}`)
  return algorithms
}
