import {chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const SYSTEMD_ANALYZE = '/usr/bin/systemd-analyze'

const CONFIG = `global:
  logging: [{type: file, path: /var/log/zrepl.log}]
  monitoring: [{type: textfile, path: /srv/node-exporter/zrepl.prom}]
jobs:
  - name: inbox
    type: sink
    root_fs: vault
    serve: {type: local, listener_name: inbox}
  - name: "off site"
    type: push
    connect: {type: local, listener_name: inbox, client_identity: me}
    filesystems: {"tank<": true}
    snapshotting: {type: periodic, prefix: zrepl_, interval: 10m}
    pruning:
      keep_sender: [{type: not_replicated}]
      keep_receiver: [{type: last_n, count: 1}]
  - name: fetch
    type: pull
    connect: {type: local, listener_name: inbox, client_identity: me}
    root_fs: vault
    interval: 6h
    pruning:
      keep_sender: [{type: not_replicated}]
      keep_receiver: [{type: last_n, count: 1}]
`

let directory = ''
let config = ''

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'zrepl-timers-'))
  config = join(directory, 'zrepl.yml')
  writeFileSync(config, CONFIG)
  chmodSync(config, 0o600)
})

afterAll(() => rmSync(directory, {recursive: true}))

test('a job that cannot be run gets no timer, and is told of', async () => {
  const other = join(directory, 'other.yml')
  const more = `  - name: by-tcp
    type: pull
    connect: {type: tcp, address: "192.0.2.1:8888"}
    root_fs: vault
    interval: 6h
    pruning: {keep_sender: [{type: not_replicated}], keep_receiver: [{type: last_n, count: 1}]}
  - name: astray
    type: pull
    connect: {type: local, listener_name: outbox, client_identity: me}
    root_fs: vault
    interval: 6h
    pruning: {keep_sender: [{type: not_replicated}], keep_receiver: [{type: last_n, count: 1}]}
  - name: -x
    type: snap
    filesystems: {"tank<": true}
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 1}]}
`
  writeFileSync(other, CONFIG + more, {mode: 0o600})
  const {stdout, stderr, exitCode} = await execa(EXECUTABLE, ['timers', '--cron', '--config', other])
  expect(stdout).not.toMatch(/by-tcp|astray/)
  expect(stderr).toMatch(/zrepl: job by-tcp is left out, it cannot be run: .*transport tcp needs a daemon/)
  expect(stderr).toMatch(/zrepl: job astray is left out, it cannot be run: .*no job serves .*'outbox'/)
  expect(exitCode).toBe(0)
  const named = await execa(EXECUTABLE, ['timers', 'astray', '--config', other], {reject: false})
  expect([named.stdout, named.exitCode]).toEqual(['', 2])

  const line = stdout.split('\n').at(-1)?.split(' root ')[1] ?? ''
  expect(line).toBe(`${EXECUTABLE} run --quiet --config ${other} -- -x`)
  const run = await execa('sh', ['-c', `${line} --dry-run`], {reject: false})
  expect(run.stderr).toContain("there is no job '--dry-run'")
})

test('lines for cron, of every job that is not a sink', async () => {
  const {stdout, stderr, exitCode} = await execa(EXECUTABLE, ['timers', '--cron', '--config', config])
  expect(stdout.split('\n')).toEqual([
    `*/10 * * * * root ${EXECUTABLE} run 'off site' --quiet --config ${config}`,
    `0 */6 * * * root ${EXECUTABLE} run fetch --quiet --config ${config}`,
  ])
  expect(stderr).toContain('zrepl: job inbox is a sink: the jobs that connect to it start it, not a timer')
  expect(exitCode).toBe(0)
})

test('a job that does not exist', async () => {
  const {stdout, exitCode} = await execa(EXECUTABLE, ['timers', 'fetsh', '--config', config], {reject: false})
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})

// systemd is not on every machine; where it is, it is the judge.
test.skipIf(!existsSync(SYSTEMD_ANALYZE))('systemd finds no fault with the units', async () => {
  const {stdout} = await execa(EXECUTABLE, ['timers', '--config', config])
  const units = stdout.split(/^# (?=\/etc\/systemd\/system\/)/m).slice(1)
  const paths = units.map((unit) => {
    const [path = '', ...lines] = unit.split('\n')
    const copy = join(directory, basename(path))
    writeFileSync(copy, lines.join('\n'))
    return copy
  })
  expect(paths.map((path) => basename(path))).toEqual([
    'zrepl-off\\x20site.service',
    'zrepl-off\\x20site.timer',
    'zrepl-fetch.service',
    'zrepl-fetch.timer',
  ])
  for (const directory of ['/var/log', '/srv/node-exporter'])
    expect(units[0]?.split('\n')).toContain(`ReadWritePaths=-${directory}`)
  const {stderr, exitCode} = await execa(SYSTEMD_ANALYZE, ['verify', '--man=no', ...paths], {reject: false})
  expect(stderr.split('\n').filter((line) => line.includes(directory))).toEqual([])
  expect(exitCode).toBe(0)
})

test.skipIf(!existsSync(SYSTEMD_ANALYZE))('the service stays closed', async () => {
  const {stdout} = await execa(EXECUTABLE, ['timers', 'fetch', '--config', config])
  const [service = ''] = stdout.split(/^# (?=\/etc\/systemd\/system\/.*\.timer$)/m)
  const path = join(directory, 'zrepl-judged.service')
  writeFileSync(path, service)
  // In tenths: the units are at 3.2.
  const {exitCode, stdout: said} = await execa(
    SYSTEMD_ANALYZE,
    ['security', '--offline=true', '--threshold=35', '--no-pager', path],
    {reject: false},
  )
  expect(exitCode, said).toBe(0)
})
