import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {RunReport} from '../../src/lib/report/report.ts'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine} from '../sim/machine/state.ts'
import {mustFindDataset} from '../sim/pool.ts'

/**
 * The compiled executable against the model's `zfs` with OpenSSH's client in between. The server is a small one in this
 * process, so that no sshd has to be installed; real sshd and real ZFS are in `test/lab`.
 */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const SSH = Bun.which('ssh')
const SELECTED = ['tank/data', 'tank/data/a b', 'tank/data/vol']

// The server half of ssh2 serves these tests only; the program's own declarations do not know it.
const {Server, utils} = createRequire(import.meta.url)('ssh2')

/** What is used of it. */
type Client = {
  on(event: 'authentication', attempted: (attempt: Attempt) => void): void
  on(event: 'error' | 'ready', happened: () => void): void
  on(event: 'session', began: (accept: () => Session) => void): void
}
type Attempt = {
  readonly method: string
  readonly key: {readonly data: Buffer}
  accept(): void
  reject(methods: readonly string[]): void
}
type Session = {on(event: 'shell' | 'exec', start: (accept: () => Channel) => void): void}
type Channel = {
  on(event: 'data', came: (bytes: Uint8Array) => void): void
  on(event: 'end', ended: () => void): void
  write(bytes: Uint8Array): void
  readonly stderr: {write(bytes: Uint8Array): void}
  exit(status: number): void
  end(): void
}

type KeyPair = {readonly private: string; readonly public: string}
const hostKey: KeyPair = utils.generateKeyPairSync('ed25519')
const clientKey: KeyPair = utils.generateKeyPairSync('ed25519')

let dir: string
let config: string
let installed: Installed
let server: {close(): void}
let sessions = 0

beforeAll(async () => {
  dir = mkdtempSync('/var/tmp/zrepl-machine-ssh-')
  config = join(dir, 'zrepl.yml')
  installed = await installZfs(dir, createMachine('2.3.2'))
  const listening = Promise.withResolvers<number>()
  server = new Server({hostKeys: [hostKey.private]}, serveClient).listen(
    0,
    '127.0.0.1',
    function bound(this: {address(): {port: number}}) {
      listening.resolve(this.address().port)
    },
  )
  const port = await listening.promise
  writeFileSync(join(dir, 'id'), clientKey.private, {mode: 0o600})
  writeFileSync(join(dir, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey.public}\n`)
  writeFileSync(config, configOf(port), {mode: 0o600})
})

afterAll(() => {
  server?.close()
  rmSync(dir, {recursive: true, force: true})
})

function configOf(port: number): string {
  return `jobs:
  - name: offsite
    type: push
    connect:
      type: ssh+stdinserver
      host: 127.0.0.1
      user: zrepl
      port: ${port}
      identity_file: ${join(dir, 'id')}
      options: ["UserKnownHostsFile=${join(dir, 'known_hosts')}"]
    filesystems: {"tank/data<": true}
    snapshotting: {type: periodic, prefix: zrepl_, interval: 1h}
    pruning:
      keep_sender: [{type: not_replicated}, {type: last_n, count: 2}]
      keep_receiver: [{type: last_n, count: 3}]
  - name: backups
    type: sink
    serve: {type: stdinserver, client_identities: [prod]}
    root_fs: vault/backups
    recv: {placeholder: {encryption: inherit}}
`
}

/** The forced command of an authorized_keys, whatever the client asks for. */
function serveClient(client: Client): void {
  const expected = utils.parseKey(clientKey.public).getPublicSSH()
  client.on('authentication', (attempt) => {
    const ours = attempt.method === 'publickey' && attempt.key.data.equals(expected)
    return ours ? attempt.accept() : attempt.reject(['publickey'])
  })
  client.on('error', () => {})
  client.on('ready', () =>
    client.on('session', (accept) => {
      const session = accept()
      const start = (acceptChannel: () => Channel) => void serveChannel(acceptChannel())
      session.on('shell', start)
      session.on('exec', start)
    }),
  )
}

async function serveChannel(channel: Channel): Promise<void> {
  sessions += 1
  const argv = installed.inside([EXECUTABLE, 'stdinserver', 'prod', '--config', config])
  const child = Bun.spawn([...argv], {cwd: '/', env: PATH, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe'})
  channel.on('data', (bytes: Uint8Array) => {
    void child.stdin.write(bytes)
    void child.stdin.flush()
  })
  channel.on('end', () => void child.stdin.end())
  const copying = [
    copy(child.stdout, (bytes) => channel.write(bytes)),
    copy(child.stderr, (bytes) => channel.stderr.write(bytes)),
  ]
  const status = await child.exited
  await Promise.all(copying)
  channel.exit(status)
  channel.end()
}

async function copy(from: ReadableStream<Uint8Array>, write: (bytes: Uint8Array) => void): Promise<void> {
  for await (const bytes of from) write(bytes)
}

const PATH = {PATH: '/usr/bin:/bin:/usr/sbin:/sbin'}

async function zrepl(...words: readonly string[]): Promise<{exitCode: number; report: RunReport}> {
  const argv = installed.inside([EXECUTABLE, ...words, '--json', '--config', config])
  const child = Bun.spawn([...argv], {cwd: '/', env: PATH, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe'})
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  if (!stdout.startsWith('{')) throw new Error(`zrepl ${words.join(' ')}: ${stderr}`)
  return {exitCode: await child.exited, report: JSON.parse(stdout)}
}

/** Short names and guids of the snapshots of a dataset, oldest first. */
function snapshotsOf(name: string): readonly string[] {
  return withMachine(installed.machine, (host) =>
    mustFindDataset(host, name).snapshots.map(({name, guid}) => `${name} ${guid}`),
  )
}

test.skipIf(SSH === null)(
  'a cycle over ssh brings everything to the receiver in one session, and a second one changes nothing',
  async () => {
    const {exitCode, report} = await zrepl('run', 'offsite')
    const states = report.replicate?.filesystems.map(({filesystem, state}) => `${filesystem} ${state}`)
    expect([exitCode, states]).toEqual([0, SELECTED.map((name) => `${name} done`)])
    for (const name of SELECTED) {
      expect(snapshotsOf(name)).toHaveLength(1)
      expect(snapshotsOf(`vault/backups/prod/${name}`)).toEqual(snapshotsOf(name))
    }
    expect(sessions).toBe(1)

    const again = await zrepl('run', 'offsite')
    expect(again.exitCode).toBe(0)
    expect(again.report.replicate?.filesystems.map(({state}) => state)).toEqual(
      SELECTED.map(() => 'up-to-date'),
    )
  },
  180_000,
)
