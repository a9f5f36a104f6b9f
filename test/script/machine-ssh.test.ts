import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {RunReport} from '../../src/lib/report/report.ts'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine} from '../sim/machine/state.ts'
import {mustFindDataset} from '../sim/pool.ts'
import {missingPackages} from './packages.ts'
import {installSshServer, type SshServer, startSshServer} from './ssh-server.ts'

/** The compiled executable on both sides against the model's `zfs`, with OpenSSH's client and sshd in between. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const MISSING = missingPackages()
const SELECTED = ['tank/data', 'tank/data/a b', 'tank/data/vol']

let dir: string
let config: string
let installed: Installed
let server: SshServer

beforeAll(async () => {
  if (MISSING !== undefined) return
  await installSshServer()
  dir = mkdtempSync('/var/tmp/zrepl-machine-ssh-')
  config = join(dir, 'zrepl.yml')
  installed = await installZfs(dir, createMachine('2.3.2'))
  // Quoted for the shell, and that for authorized_keys.
  const served = installed.inside([EXECUTABLE, 'stdinserver', 'prod', '--config', config])
  const command = served.map((word) => `'${word.replaceAll('"', '\\"')}'`).join(' ')
  server = await startSshServer(dir, command)
  writeFileSync(config, configOf(server), {mode: 0o600})
}, 600_000)

afterAll(async () => {
  await server?.stop()
  if (dir !== undefined) rmSync(dir, {recursive: true, force: true})
})

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
