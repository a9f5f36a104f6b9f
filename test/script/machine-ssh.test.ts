import {once} from 'node:events'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {RunReport} from '../../src/lib/report/report.ts'
import {readChromeTrace} from '../../src/lib/trace/chrome-trace.ts'
import {walk} from '../../src/lib/trace/trace-node.ts'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine} from '../sim/machine/state.ts'
import {mustFindDataset} from '../sim/pool.ts'
import {missingPackages} from './packages.ts'
import {runToEnd} from './run-to-end.ts'
import {installSshServer, type SshServer, startSshServer} from './ssh-server.ts'

/** The compiled executable on both sides against the model's `zfs`, with OpenSSH's client and sshd in between. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const MISSING = missingPackages()
const SELECTED = ['tank/data', 'tank/data/a b', 'tank/data/vol']

let dir: string
let config: string
let installed: Installed
let server: SshServer
/** A log server of the far host that takes nothing. */
const slow = createServer((socket: Socket) => {
  clients.push(socket.pause())
})
const clients: Socket[] = []

beforeAll(async () => {
  if (MISSING !== undefined) return
  await installSshServer()
  dir = mkdtempSync('/var/tmp/zrepl-machine-ssh-')
  config = join(dir, 'zrepl.yml')
  installed = await installZfs(dir, createMachine('2.3.2'))
  // Quoted for the shell, and that for authorized_keys.
  const served = installed.inside([EXECUTABLE, 'stdinserver', 'prod', '--config', join(dir, 'far.yml')])
  const command = served.map((word) => `'${word.replaceAll('"', '\\"')}'`).join(' ')
  server = await startSshServer(dir, command)
  writeFileSync(config, configOf(server), {mode: 0o600})
  slow.listen(0, '127.0.0.1')
  await once(slow, 'listening')
  const {port} = slow.address() as AddressInfo
  writeFileSync(join(dir, 'far.yml'), `${farLogging(port)}${configOf(server)}`, {mode: 0o600})
}, 600_000)

afterAll(async () => {
  for (const socket of clients) socket.destroy()
  slow.close()
  await server?.stop()
  if (dir !== undefined) rmSync(dir, {recursive: true, force: true})
})

/** Where the far host logs to: what one loses is told by another. */
function farLogging(port: number): string {
  return `global:
  logging:
    - {type: stdout, level: debug}
    - {type: file, path: ${dir}/far.warn, level: warn, format: json}
    - {type: file, path: ${dir}/far.debug, level: debug, format: json}
    - {type: file, path: /dev/full, level: debug}
    - {type: syslog, level: debug}
    - {type: tcp, address: "127.0.0.1:${port}", level: debug}
`
}

function configOf({port, identityFile, knownHosts}: SshServer): string {
  return `jobs:
  - name: offsite
    type: push
    connect:
      type: ssh+stdinserver
      host: 127.0.0.1
      user: root
      port: ${port}
      identity_file: ${identityFile}
      options: ["UserKnownHostsFile=${knownHosts}"]
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

const PATH = {PATH: '/usr/bin:/bin:/usr/sbin:/sbin'}

async function zrepl(...words: readonly string[]): Promise<{exitCode: number; report: RunReport}> {
  const argv = installed.inside([EXECUTABLE, ...words, '--json', '--config', config])
  const {exitCode, stdout, stderr} = await runToEnd(argv, {cwd: '/', env: PATH})
  if (!stdout.startsWith('{')) throw new Error(`zrepl ${words.join(' ')}: ${stderr}`)
  return {exitCode, report: JSON.parse(stdout)}
}

/** Short names and guids of the snapshots of a dataset, oldest first. */
function snapshotsOf(name: string): readonly string[] {
  return withMachine(installed.machine, (host) =>
    mustFindDataset(host, name).snapshots.map(({name, guid}) => `${name} ${guid}`),
  )
}

test.skipIf(MISSING !== undefined)(
  'a cycle over ssh brings everything to the receiver in one session, and a second one changes nothing',
  async () => {
    const {exitCode, report} = await zrepl('run', 'offsite')
    const states = report.replicate?.filesystems.map(({filesystem, state}) => `${filesystem} ${state}`)
    expect([exitCode, states]).toEqual([0, SELECTED.map((name) => `${name} done`)])
    for (const name of SELECTED) {
      expect(snapshotsOf(name)).toHaveLength(1)
      expect(snapshotsOf(`vault/backups/prod/${name}`)).toEqual(snapshotsOf(name))
    }
    expect(server.sessions()).toBe(1)

    const again = await zrepl('run', 'offsite')
    expect(again.exitCode).toBe(0)
    expect(again.report.replicate?.filesystems.map(({state}) => state)).toEqual(
      SELECTED.map(() => 'up-to-date'),
    )
  },
  180_000,
)

/** The lines of a log of the far host. */
const farLines = (level: 'warn' | 'debug') =>
  readFileSync(join(dir, `far.${level}`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test.skipIf(MISSING !== undefined)(
  'the far side logs to the outlets of its own host, by level, below the spans of its client, whatever becomes of an outlet',
  async () => {
    writeFileSync(join(dir, 'far.debug'), '')
    const trace = join(dir, 'trace.json')
    expect((await zrepl('replicate', 'offsite', '--trace', trace)).exitCode).toBe(0)
    const debug = farLines('debug')
    for (const line of debug)
      expect(line).toMatchObject({subsystem: expect.any(String), span: expect.any(String)})
    const [job] = readChromeTrace(readFileSync(trace, 'utf8')).flatMap(({children}) => children)
    const observed = job?.children.flatMap((child) => Array.from(walk(child), ({node}) => node))
    const request = observed?.find(({name}) => name === 'request observe')
    expect(debug).toContainEqual(
      expect.objectContaining({
        level: 'debug',
        msg: 'span begins',
        annotation: 'serve observe',
        clientIdentity: 'prod',
        span: expect.stringMatching(`^${RegExp.escape(String(request?.args['stack']))}\\.`),
      }),
    )
    expect(debug).toContainEqual(
      expect.objectContaining({msg: 'program ended', argv: expect.arrayContaining(['zfs', 'list'])}),
    )
    const warnings = farLines('warn')
    expect(new Set(warnings.map(({level}) => level))).toEqual(new Set(['warn']))
    expect(warnings).toContainEqual(
      expect.objectContaining({msg: 'log lines are lost', error: "cannot write to '/dev/full': ENOSPC"}),
    )
  },
  120_000,
)
