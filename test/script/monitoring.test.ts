import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine, writeEverywhere} from '../sim/machine/state.ts'
import {installPackages, missingPackages} from './packages.ts'
import {runToEnd} from './run-to-end.ts'

/** What cron, Nagios, Prometheus and who else wants to know get to hear of runs that end well and of one that does not. */
const ROOT = join(import.meta.dirname, '..', '..')
const EXECUTABLE = join(ROOT, 'dist', 'zrepl')

vi.setConfig({testTimeout: 180_000, hookTimeout: 180_000})

let dir: string
let config: string
let installed: Installed
let server: ReturnType<typeof Bun.serve>
const calls: string[] = []

beforeAll(async () => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      calls.push(`${new URL(request.url).pathname} ${(await request.text()).split('\n')[0]}`)
      return new Response('OK')
    },
  })
  dir = mkdtempSync('/var/tmp/zrepl-monitoring-')
  config = join(dir, 'zrepl.yml')
  mkdirSync(join(dir, 'state'), {mode: 0o700})
  for (const when of ['always', 'change', 'failure'])
    writeFileSync(
      join(dir, when),
      `#!/bin/sh\necho "$ZREPL_JOB $ZREPL_EXIT_STATUS" >>${dir}/told-${when}\n`,
      {
        mode: 0o755,
      },
    )
  const pruning = `    pruning:
      keep_sender: [{type: last_n, count: 9}]
      keep_receiver: [{type: last_n, count: 9}]
`
  writeFileSync(
    config,
    `global:
  monitoring: [{type: textfile, path: ${dir}/zrepl.prom}]
  notify:
    - {type: healthcheck, url: "http://127.0.0.1:${server.port}/check", jobs: [offsite]}
    - {type: command, path: ${dir}/always, when: always}
    - {type: command, path: ${dir}/change, when: change}
    - {type: command, path: ${dir}/failure, jobs: [offsite]}
jobs:
  - name: offsite
    type: push
    connect: {type: local, listener_name: sim, client_identity: prod}
    filesystems: {"tank/data<": true}
    snapshotting: {type: manual}
${pruning}  - name: never
    type: snap
    filesystems: {"tank/other": true}
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 9}]}
  - name: backups
    type: sink
    serve: {type: local, listener_name: sim}
    root_fs: vault/backups
    recv: {placeholder: {encryption: inherit}}
`,
    {mode: 0o600},
  )
  installed = await installZfs(dir, createMachine('2.3.2'))
})

afterAll(async () => {
  await server.stop(true)
  rmSync(dir, {recursive: true, force: true})
})

/** Runs the executable as cron does: nothing of it is a terminal. */
async function zrepl(...words: readonly string[]) {
  return await runToEnd(installed.inside([EXECUTABLE, ...words, '--config', config]), {
    cwd: '/',
    env: {PATH: '/usr/bin:/bin:/usr/sbin:/sbin', STATE_DIRECTORY: join(dir, 'state')},
  })
}

async function check(...words: readonly string[]) {
  const {exitCode, stdout} = await zrepl('status', ...words, '--check')
  return `${exitCode} ${stdout.split(' | ')[0]?.trimEnd()}`
}

/** `zfs receive` of one filesystem fails in the words of OpenZFS. */
function breakReceive(filesystem: string): void {
  const zfs = join(dir, 'sbin', 'zfs')
  const [first, ...rest] = readFileSync(zfs, 'utf8').split('\n')
  const script = `case "$*" in receive*"${filesystem}"*) echo "cannot receive incremental stream: out of space" >&2; exit 1 ;; esac`
  writeFileSync(zfs, [first, script, ...rest].join('\n'))
  chmodSync(zfs, 0o755)
}

const PROBLEM =
  "zrepl: job offsite: tank/data/a b: receive-failed: peer: cannot receive 'vault/backups/prod/tank/data/a b@three': cannot receive incremental stream: out of space (hint: make room or raise the quota on the receiver; what has arrived is kept, and the next run continues from there)"

const metrics = () => readFileSync(join(dir, 'zrepl.prom'), 'utf8')

test('runs that end well are silent under cron, and fresh', async () => {
  expect(await check('offsite')).toBe('3 ZREPL UNKNOWN - job offsite has never run')
  for (const round of ['one', 'two']) {
    withMachine(installed.machine, writeEverywhere)
    expect((await zrepl('snap', 'offsite', '--name', round, '--quiet')).exitCode).toBe(0)
    expect(await zrepl('run', 'offsite', '--quiet')).toEqual({exitCode: 0, stdout: '', stderr: ''})
  }
  expect(await check('offsite')).toMatch(/^0 ZREPL OK - job offsite succeeded \S+ ago$/)
  expect(await check('offsite', '--warning', '1s')).toMatch(/^1 ZREPL WARNING - /)
  expect(await check('offsite', '--critical', '1s')).toMatch(/^2 ZREPL CRITICAL - /)
  expect(await check('never')).toBe('3 ZREPL UNKNOWN - job never has never run')
})

test('a run that does not end well is one summary with the filesystems that failed', async () => {
  breakReceive('vault/backups/prod/tank/data/a b')
  withMachine(installed.machine, writeEverywhere)
  expect((await zrepl('snap', 'offsite', '--name', 'three', '--quiet')).exitCode).toBe(0)
  const {exitCode, stdout, stderr} = await zrepl('run', 'offsite', '--quiet')
  expect({exitCode, stdout}).toEqual({exitCode: 1, stdout: ''})
  const [logged, ...summary] = stderr.split('\n')
  expect(logged).toMatch(
    /^\S+Z \[WARN\]\[offsite\]\[rpc\]\[\S+\]: request failed side="peer" .*out of space"$/,
  )
  expect(summary).toEqual([
    PROBLEM,
    'zrepl: job offsite: exit 1: some filesystem failed; the others are done',
    '',
  ])
})

test('who wants to be told has been told of each run, of the change, of the failure', () => {
  const told = (when: string) =>
    readFileSync(join(dir, `told-${when}`), 'utf8')
      .trim()
      .split('\n')
  // Snapshots, a run; the same again; snapshots, and a run that fails.
  expect(told('always')).toEqual([0, 0, 0, 0, 0, 1].map((status) => `offsite ${status}`))
  expect(told('change')).toEqual(['offsite 1'])
  expect(told('failure')).toEqual(['offsite 1'])
  const success = ['/check/start ', '/check ']
  expect(calls).toEqual([
    ...Array.from({length: 5}, () => success).flat(),
    '/check/start ',
    `/check/fail ${PROBLEM}`,
  ])
})

test('metrics of all of that', () => {
  expect(metrics().match(/^zrepl_replication_filesystem_errors.*$/gm)).toEqual([
    'zrepl_replication_filesystem_errors{zrepl_job="offsite"} 1',
  ])
})

test.each([
  ['reports cannot be kept', '/proc/a/b', 'here', ['the report of this run is not kept']],
  ['metrics cannot be written', 'here', '/proc/a', ['the metrics are not written']],
  [
    'neither is possible',
    '/proc/a/b',
    '/proc/a',
    ['the report of this run is not kept', 'the metrics are not written'],
  ],
])('where %s, the run is what it was, with a warning each', async (_, state, place, warnings) => {
  const own = mkdtempSync(join(dir, 'own-'))
  const pathOf = (path: string) => (path === 'here' ? own : path)
  const path = join(own, 'zrepl.yml')
  writeFileSync(
    path,
    `global:
  monitoring: [{type: textfile, path: ${pathOf(place)}/zrepl.prom}]
  notify: [{type: command, path: ${own}/missing, when: always}]
jobs:
  - name: snaps
    type: snap
    filesystems: {"tank/other": true}
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 9}]}
`,
    {mode: 0o600},
  )
  const {exitCode, stdout, stderr} = await runToEnd(
    installed.inside([EXECUTABLE, 'run', 'snaps', '--config', path]),
    {cwd: '/', env: {PATH: '/usr/bin:/bin:/usr/sbin:/sbin', STATE_DIRECTORY: pathOf(state)}},
  )
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('exit 0: all done')])
  expect(Array.from(stderr.matchAll(/(?<=\]: ).* not (kept|written)(?= error)/g), ([text]) => text)).toEqual(
    warnings,
  )
  if (place === 'here')
    expect(readFileSync(join(own, 'zrepl.prom'), 'utf8')).toContain(
      'zrepl_run_exit_status{zrepl_job="snaps"} 0\n',
    )
})

test('metrics go where a link leads, and a FIFO in their place stays one', async () => {
  const own = mkdtempSync(join(dir, 'own-'))
  mkdirSync(join(own, 'real'))
  symlinkSync('real/zrepl.prom', join(own, 'link'))
  Bun.spawnSync(['mkfifo', join(own, 'fifo')])
  const runWith = async (file: string) => {
    const path = join(own, `${file}.yml`)
    const text = readFileSync(config, 'utf8').replace(`${dir}/zrepl.prom`, join(own, file))
    writeFileSync(path, text.replace(/ {2}notify:(\n {4}.*)+/, ''), {mode: 0o600})
    return await runToEnd(installed.inside([EXECUTABLE, 'run', 'never', '--config', path]), {
      cwd: '/',
      env: {PATH: '/usr/bin:/bin:/usr/sbin:/sbin', STATE_DIRECTORY: join(own, 'state')},
    })
  }
  expect(await runWith('link')).toMatchObject({exitCode: 0, stderr: ''})
  expect(readlinkSync(join(own, 'link'))).toBe('real/zrepl.prom')
  expect(readFileSync(join(own, 'real', 'zrepl.prom'), 'utf8')).toContain('zrepl_run_exit_status')
  expect(await runWith('fifo')).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(
      /the metrics are not written error="cannot write '.*\/fifo': it is a FIFO, and no file"/,
    ),
  })
  expect(lstatSync(join(own, 'fifo')).isFIFO()).toBe(true)
})

const why = missingPackages()
if (why !== undefined) console.error(`not tested with promtool: ${why}`)

describe.skipIf(why !== undefined)('promtool', () => {
  const promtool = (words: readonly string[], input = '') =>
    execa('promtool', words, {cwd: join(ROOT, 'contrib', 'prometheus'), input, reject: false, all: true})

  beforeAll(async () => await installPackages(Bun.which('promtool') === null ? ['prometheus'] : []))

  test('finds no fault with the metrics', async () => {
    expect(metrics().match(/^zrepl_\w+/gm)).toContain('zrepl_replication_latest_snapshot_time')
    expect(await promtool(['check', 'metrics'], metrics())).toMatchObject({exitCode: 0, all: ''})
  })

  test('takes the alert rules, and each alert does what its test says', async () => {
    expect(await promtool(['check', 'rules', 'zrepl.rules.yml'])).toMatchObject({exitCode: 0})
    expect(await promtool(['test', 'rules', 'zrepl.rules.test.yml'])).toMatchObject({exitCode: 0})
  })
})
