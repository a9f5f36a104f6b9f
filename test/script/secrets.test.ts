import {once} from 'node:events'
import {chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createRequire} from 'node:module'
import {type AddressInfo, createServer, type Server} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine, writeEverywhere} from '../sim/machine/state.ts'
import {mustFindDataset} from '../sim/pool.ts'
import {resumeTokenOf} from '../sim/zfs/properties.ts'
import {runToEnd} from './run-to-end.ts'

/** What nobody must ever read is planted everywhere it can be, and then everything that whole runs say is searched for it. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const {utils} = createRequire(import.meta.url)('ssh2')
const KEY: string = utils.generateKeyPairSync('ed25519').private

vi.setConfig({testTimeout: 180_000})

const SECRETS = {
  'password of PostgreSQL': 'pg-geheim-1',
  'password of MySQL': 'my-geheim-2',
  'URL of a health check': 'hc-geheim-3',
  'variable of the environment': 'env-geheim-4',
  'a file that is no key': 'nokey-geheim-5',
  'private key': KEY.split('\n')[2] ?? '',
}

let dir: string
let config: string
let installed: Installed
let server: Server
let sent = ''

beforeAll(async () => {
  dir = mkdtempSync('/var/tmp/zrepl-secrets-')
  config = join(dir, 'zrepl.yml')
  server = createServer((socket) => socket.on('data', (bytes) => (sent += bytes)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  writeFileSync(join(dir, 'tell'), `#!/bin/sh\ncat >>${dir}/out.told\n`, {mode: 0o755})
  writeFileSync(join(dir, 'key'), KEY, {mode: 0o600})
  writeFileSync(join(dir, 'nokey'), `-----BEGIN X-----\n${SECRETS['a file that is no key']}\n`, {mode: 0o600})
  writeFileSync(config, configOf((server.address() as AddressInfo).port), {mode: 0o600})
  installed = await installZfs(dir, createMachine('2.3.2'))
})

afterAll(() => {
  server?.close()
  rmSync(dir, {recursive: true, force: true})
})

function configOf(port: number): string {
  const log = (format: string) => `{type: file, level: debug, format: ${format}, path: ${dir}/out.${format}}`
  const pull = (name: string, key: string) => `
  - name: ${name}
    type: pull
    connect: {type: ssh+stdinserver, client: builtin, host: 127.0.0.1, port: 1, user: u, identity_file: ${dir}/${key}}
    root_fs: vault/${name}
    interval: manual
    pruning: {keep_sender: [{type: not_replicated}], keep_receiver: [{type: last_n, count: 1}]}`
  return `global:
  logging:
    - {type: stdout, level: debug}
    - ${log('human')}
    - ${log('logfmt')}
    - ${log('json')}
    - {type: tcp, level: debug, address: "127.0.0.1:${port}"}
  monitoring: [{type: trace}, {type: textfile, path: ${dir}/out.prom}]
  notify:
    - {type: healthcheck, url: "http://127.0.0.1:1/${SECRETS['URL of a health check']}", timeout: 1s}
    - {type: command, path: ${dir}/tell, when: always}
jobs:
  - name: offsite
    type: push
    connect: {type: local, listener_name: sim, client_identity: prod}
    filesystems: {"tank/data<": true}
    snapshotting:
      type: periodic
      prefix: zrepl_
      interval: 1h
      hooks:
        - {type: postgres-checkpoint, dsn: "host=127.0.0.1 port=1 user=u password=${SECRETS['password of PostgreSQL']} sslmode=disable", filesystems: {"tank/data": true}}
        - {type: mysql-lock-tables, dsn: "u:${SECRETS['password of MySQL']}@tcp(127.0.0.1:1)/", filesystems: {"tank/data": true}}
    pruning:
      keep_sender: [{type: not_replicated}, {type: last_n, count: 2}]
      keep_receiver: [{type: last_n, count: 3}]
  - name: backups
    type: sink
    serve: {type: local, listener_name: sim}
    root_fs: vault/backups
    recv: {placeholder: {encryption: inherit}}${pull('fetch', 'key')}${pull('nokey', 'nokey')}
`
}

let said = ''

async function inside(argv: readonly string[]): Promise<string> {
  const {stdout, stderr} = await runToEnd(installed.inside(argv), {
    cwd: '/',
    env: {
      PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
      STATE_DIRECTORY: join(dir, 'out.state'),
      PGPASSWORD: SECRETS['variable of the environment'],
    },
  })
  return stdout + stderr
}

async function zrepl(...words: readonly string[]): Promise<void> {
  said += await inside([EXECUTABLE, ...words, '--config', config])
}

/** Cuts every stream that is sent after some bytes, or no longer. */
function cutStreams(isOn: boolean): void {
  const zfs = join(dir, 'sbin', 'zfs')
  const [first = '', ...rest] = readFileSync(zfs, 'utf8').split('\n')
  const others = rest.filter((line) => !line.startsWith('case'))
  const cut = `case "$1 $2" in "send -n") ;; send*) ${others[0]?.replace('exec ', '')} | head -c 1600; echo "I/O error" >&2; exit 1 ;; esac`
  writeFileSync(zfs, [first, ...(isOn ? [cut] : []), ...others].join('\n'))
  chmodSync(zfs, 0o755)
}

/** All that has been written: what was printed, the outlets, the state, the metrics, what others were told. */
function everything(): ReadonlyMap<string, string> {
  const files = readdirSync(dir, {recursive: true, encoding: 'utf8', withFileTypes: true})
    .filter((entry) => entry.isFile() && join(entry.parentPath, entry.name).includes('/out.'))
    .map((entry) => join(entry.parentPath, entry.name))
  return new Map([
    ['stdout and stderr', said],
    ['log server', sent],
    ...files.map((file) => [file.slice(dir.length + 1), readFileSync(file, 'utf8')] as const),
  ])
}

test('no log line, trace, report, error or metric has what nobody must read', async () => {
  const trace = join(dir, 'out.trace.json')
  await zrepl('snap', 'offsite', '--all-now', '--json')
  await zrepl('run', 'offsite', '--verbose')
  for (let block = 0; block < 5; block += 1) withMachine(installed.machine, writeEverywhere)
  await zrepl('snap', 'offsite', '--all-now')
  cutStreams(true)
  await zrepl('run', 'offsite', '--json', '--trace', trace)
  const whole = withMachine(
    installed.machine,
    (host) => resumeTokenOf(mustFindDataset(host, 'vault/backups/prod/tank/data')) ?? '',
  )
  expect(whole).toMatch(/^1-[0-9a-f]+-[0-9a-f]+-[0-9a-f]{50,}$/)
  cutStreams(false)
  await zrepl('plan', 'offsite', '--verbose')
  await zrepl('run', 'offsite', '--verbose')
  await zrepl('run', 'fetch', '--verbose')
  await zrepl('run', 'nokey', '--verbose')
  await zrepl('status', '--json')
  for (const job of ['offsite', 'fetch']) said += await inside([EXECUTABLE, 'trace', 'show', job, '--json'])

  const all = everything()
  const secrets = {...SECRETS, 'resume token': whole}
  const found = Array.from(all).flatMap(([place, text]) =>
    Object.entries(secrets).flatMap(([secret, value]) => (text.includes(value) ? `${secret}: ${place}` : [])),
  )
  expect(found).toEqual([])

  // The token has been used.
  const resumes = all.get('out.json')?.match(/"argv":\["zfs","send",[^\]]*"-t","[^"]*"/g) ?? []
  expect(resumes.some((argv) => argv.endsWith(`"${whole.slice(0, 12)}…"`))).toBe(true)
  // It would have been seen: each place has something, and the words around the secrets.
  const places = [...all.keys()].map((place) => place.replace(/\d{4}-\d\d-\d\dT[^/]*(?=\.)/, 'RUN'))
  for (const place of ['out.human', 'out.logfmt', 'out.json', 'out.prom', 'out.told', 'out.trace.json'])
    expect(places).toContain(place)
  for (const ending of ['json', 'trace']) expect(places).toContain(`out.state/reports/offsite/RUN.${ending}`)
  const cut = `${whole.slice(0, 12)}…`
  for (const place of ['stdout and stderr', 'log server', 'out.human', 'out.logfmt', 'out.json'])
    expect([place, all.get(place)?.includes(cut)]).toEqual([place, true])
  for (const words of ['postgres-checkpoint', 'mysql-lock-tables', 'cannot notify', `${dir}/key`])
    expect([words, said.includes(words)]).toEqual([words, true])
})

test('mistakes in a configuration are shown without it', async () => {
  const bad = join(dir, 'bad.yml')
  const text = readFileSync(config, 'utf8')
    .replace('timeout: 1s', 'tyme: 1s')
    .replace('sslmode=disable"', 'sslmode=sometimes"')
    .replace('tcp(127.0.0.1:1)', 'udp(127.0.0.1:1)')
  writeFileSync(bad, text, {mode: 0o600})
  const shown = await inside([EXECUTABLE, 'configcheck', '--config', bad])
  expect(shown).toContain('sslmode is one of')
  expect(shown).toContain('the address is tcp(host:port)')
  expect(shown).toContain('unknown key "tyme"')
  for (const secret of Object.values(SECRETS)) expect(shown).not.toContain(secret)
})
