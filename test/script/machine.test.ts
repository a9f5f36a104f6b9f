import {closeSync, mkdtempSync, openSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import type {RunReport} from '../../src/lib/report/report.ts'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine, writeEverywhere} from '../sim/machine/state.ts'
import {mustFindDataset} from '../sim/pool.ts'
import {type Ended, runToEnd} from './run-to-end.ts'

/** The compiled executable against the model's `zfs`: real processes, pipes and locks on a computer without ZFS. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const SELECTED = ['tank/data', 'tank/data/a b', 'tank/data/vol']

const CONFIG = (floor = '', keptByReceiver = 3) => `jobs:
  - name: offsite
    type: push
    connect: {type: local, listener_name: sim, client_identity: prod}
    filesystems: {"tank/data<": true}
    snapshotting: {type: periodic, prefix: zrepl_, interval: 1h}
    pruning:
      keep_sender:
        - type: not_replicated
        - {type: last_n, count: 2}
      keep_receiver:
        - {type: last_n, count: ${keptByReceiver}}
  - name: backups
    type: sink
    serve: {type: local, listener_name: sim}
    root_fs: vault/backups
${floor}    recv: {placeholder: {encryption: inherit}}
`

// A cycle starts dozens of programs, each of which starts a JavaScript engine.
vi.setConfig({testTimeout: 180_000})

let dir: string
let config: string
let installed: Installed

beforeAll(async () => {
  dir = mkdtempSync('/var/tmp/zrepl-machine-')
  config = join(dir, 'zrepl.yml')
  writeFileSync(config, CONFIG(), {mode: 0o600})
  installed = await installZfs(dir, createMachine('2.3.2'))
})

afterAll(() => rmSync(dir, {recursive: true, force: true}))

async function inside(argv: readonly string[]): Promise<Ended> {
  return await runToEnd(installed.inside(argv), {cwd: '/', env: {PATH: '/usr/bin:/bin:/usr/sbin:/sbin'}})
}

async function zrepl(...words: readonly string[]): Promise<Ended & {readonly report: RunReport}> {
  const result = await inside([EXECUTABLE, ...words, '--json', '--config', config])
  if (!result.stdout.startsWith('{')) throw new Error(`zrepl ${words.join(' ')}: ${result.stderr}`)
  return {...result, report: JSON.parse(result.stdout)}
}

function statesOf({replicate}: RunReport) {
  return replicate?.filesystems.map(({filesystem, state}) => `${filesystem} ${state}`)
}

/** Short names and guids of the snapshots of a dataset, oldest first. */
function snapshotsOf(name: string): readonly string[] {
  return withMachine(installed.machine, (host) =>
    mustFindDataset(host, name).snapshots.map(({name, guid}) => `${name} ${guid}`),
  )
}

function ours(name: string) {
  return withMachine(installed.machine, (host) => {
    const {snapshots, bookmarks} = mustFindDataset(host, name)
    return {
      holds: snapshots.flatMap(({name, holds}) => Array.from(holds.keys(), (tag) => `${name} ${tag}`)),
      cursors: bookmarks.map(({guid}) => guid),
    }
  })
}

test('a first run brings everything to the receiver, a second one changes nothing', async () => {
  const {report, exitCode} = await zrepl('run', 'offsite')
  expect([exitCode, statesOf(report)]).toEqual([0, SELECTED.map((name) => `${name} done`)])
  for (const name of SELECTED) {
    const sent = snapshotsOf(name)
    expect(sent).toHaveLength(1)
    expect(snapshotsOf(`vault/backups/prod/${name}`)).toEqual(sent)
    const [snapshot = '', guid] = sent[0]?.split(' ') ?? []
    expect(ours(name)).toEqual({holds: [], cursors: [guid]})
    expect(ours(`vault/backups/prod/${name}`).holds).toEqual([`${snapshot} zrepl_last_received_J_backups`])
  }

  const txgs = () => withMachine(installed.machine, ({pools}) => Array.from(pools.values(), ({txg}) => txg))
  const before = txgs()
  const again = await zrepl('run', 'offsite')
  expect([again.exitCode, statesOf(again.report)]).toEqual([0, SELECTED.map((name) => `${name} up-to-date`)])
  expect(txgs()).toEqual(before)
})

test('what is written is sent as increments, and old snapshots go by the rules', async () => {
  for (const round of ['one', 'two', 'three']) {
    withMachine(installed.machine, writeEverywhere)
    expect((await zrepl('snap', 'offsite', '--name', `zrepl_${round}`)).exitCode).toBe(0)
  }
  expect((await zrepl('run', 'offsite')).exitCode).toBe(0)
  for (const name of SELECTED) {
    const names = (dataset: string) => snapshotsOf(dataset).map((line) => line.split(' ')[0])
    expect(names(name)).toEqual(['zrepl_two', 'zrepl_three'])
    expect(names(`vault/backups/prod/${name}`)).toEqual(['zrepl_one', 'zrepl_two', 'zrepl_three'])
  }
})

test('a run that is stopped tells what it has done until then, also to whoever asks later', async () => {
  const hook = join(dir, 'stop')
  writeFileSync(hook, '#!/bin/sh\nkill -TERM $PPID\nexec sleep 60\n', {mode: 0o755})
  const stopping = `    hooks: [{type: command, path: ${hook}, around: prune}]\n`
  writeFileSync(config, CONFIG().replace('    pruning:', `${stopping}    pruning:`), {mode: 0o600})
  withMachine(installed.machine, writeEverywhere)
  expect((await zrepl('snap', 'offsite', '--name', 'zrepl_stopped')).exitCode).toBe(0)
  // Both in one mount namespace, since that is where reports are kept.
  const words = `'${EXECUTABLE}' run offsite --config '${config}'; '${EXECUTABLE}' status offsite --json --config '${config}'`
  const {stdout, stderr} = await inside([
    'sh',
    '-c',
    `mkdir -m 700 /run/state; export STATE_DIRECTORY=/run/state; ${words}`,
  ])
  writeFileSync(config, CONFIG(), {mode: 0o600})
  const report: RunReport = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')) ?? '').last
  expect(report).toMatchObject({exitStatus: 6, error: {code: 'stopped', message: 'stopped by SIGTERM'}})
  expect(report.snapshot?.filesystems.map(({state}) => state)).toEqual(['not-due', 'not-due', 'not-due'])
  expect(statesOf(report)).toEqual(SELECTED.map((name) => `${name} done`))
  expect(report.pruneSender).toBe(undefined)
  for (const name of SELECTED) expect(stdout).toContain(`  replicate ${name} @zrepl_three -> @zrepl_stopped`)
  expect(stderr.split('\n')[0]).toBe('zrepl: job offsite: stopped: stopped by SIGTERM')
})

test('of two runs of one job at the same time one works, and the other says so and does nothing', async () => {
  withMachine(installed.machine, writeEverywhere)
  expect((await zrepl('snap', 'offsite', '--name', 'zrepl_four')).exitCode).toBe(0)
  // Both in one mount namespace, since that is where /run is.
  const run = `'${EXECUTABLE}' run offsite --quiet --config '${config}'; echo $?`
  const {stdout} = await inside(['sh', '-c', `(${run}) & (${run}) & wait`])
  expect(stdout.trim().split('\n').sort()).toEqual(['0', '5'])
  for (const name of SELECTED)
    expect(snapshotsOf(`vault/backups/prod/${name}`).at(-1)).toBe(snapshotsOf(name).at(-1))
})

test('a job at a listener that nobody serves, or two jobs do, is refused before anything is done', async () => {
  const [one = '', sink = ''] = CONFIG().split(/(?= {2}- name: backups)/)
  const twice = `${CONFIG()}${sink.replace('name: backups', 'name: more').replace('vault/backups', 'vault/more')}`
  for (const [text, why] of [
    [one, "config: no job serves the local listener 'sim' (hint: give a sink or source job"],
    [twice, "config: the local listener 'sim' is served by two jobs, 'backups' and 'more': a client cannot"],
  ] as const) {
    writeFileSync(config, text, {mode: 0o600})
    const txgs = () => withMachine(installed.machine, ({pools}) => Array.from(pools.values(), ({txg}) => txg))
    const before = txgs()
    const {exitCode, stderr, report} = await zrepl('snap', 'offsite', '--all-now')
    expect([exitCode, report.snapshot, txgs()]).toEqual([2, undefined, before])
    expect(stderr).toContain(`zrepl: job offsite: ${why}`)
  }
  writeFileSync(config, CONFIG(), {mode: 0o600})
})

test('two clients at one server at the same time, and two of one identity, do not harm each other', async () => {
  const own = CONFIG()
  const more = ['other', 'same'].map((name) =>
    own
      .slice('jobs:\n'.length, own.indexOf('  - name: backups'))
      .replace('name: offsite', `name: ${name}`)
      .replace('client_identity: prod', `client_identity: ${name === 'same' ? 'prod' : name}`),
  )
  writeFileSync(config, own + more.join(''), {mode: 0o600})
  withMachine(installed.machine, writeEverywhere)
  expect((await zrepl('snap', 'offsite', '--name', 'zrepl_five')).exitCode).toBe(0)
  const jobs = ['offsite', 'other', 'same']
  const run = (job: string) =>
    `('${EXECUTABLE}' replicate ${job} --quiet --config '${config}' 2>/dev/null; echo ${job} $?)`
  const {stdout} = await inside(['sh', '-c', `${jobs.map((job) => `${run(job)} &`).join(' ')} wait`])
  const ended = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  )
  expect([ended.size, ended.get('other')]).toEqual([3, '0'])
  // Of two with one identity one may find the other in its way; when they come one after the other, both have nothing to do.
  for (const job of jobs) expect([job, (await zrepl('replicate', job)).exitCode]).toEqual([job, 0])
  for (const name of SELECTED)
    for (const identity of ['prod', 'other'])
      expect(snapshotsOf(`vault/backups/${identity}/${name}`).at(-1)?.split(' ').at(-1)).toBe(
        snapshotsOf(name).at(-1)?.split(' ').at(-1),
      )
})

test('a sink’s floor refuses what its client wants to have destroyed, and the client tells', async () => {
  const names = (dataset: string) => snapshotsOf(dataset).map((line) => line.split(' ')[0])
  const before = names('vault/backups/prod/tank/data')
  expect(before.length).toBeGreaterThan(2)
  writeFileSync(config, CONFIG('    retention_floor: {min_count: 2}\n', 1), {mode: 0o600})
  const {report, exitCode} = await zrepl('prune', 'offsite')
  expect(exitCode).toBe(0)
  const filesystems = report.pruneReceiver?.filesystems.filter(({state}) => state !== 'skipped') ?? []
  expect(filesystems.map(({filesystem}) => filesystem)).toEqual(SELECTED)
  for (const {filesystem, snapshots} of filesystems) {
    expect(names(`vault/backups/prod/${filesystem}`)).toEqual(before.slice(-2))
    expect(snapshots.slice(-2).map(({name, state}) => [name, state])).toEqual([
      [before.at(-2), 'refused'],
      [before.at(-1), 'kept'],
    ])
    expect(snapshots.at(-2)?.because).toBe(
      'refused by the retention floor of the other side: one of the newest 2',
    )
    expect(snapshots.slice(0, -2).every(({state}) => state === 'destroyed')).toBe(true)
  }
})

test('commands that find nothing to do say so', async () => {
  for (const [words, said] of [
    ['zfs-abstraction release-all --job typo --yes', 'nothing of job typo was found'],
    ['zfs-abstraction release-all --job typo --dry-run', 'nothing of job typo was found'],
    ['zfs-abstraction release-all --job typo --yes --json', ''],
    ['zfs-abstraction release-stale', 'nothing of ours is stale'],
    ['migrate 0.0.X:0.1:placeholder', 'no placeholder of zrepl 0.0.x was found'],
    ['migrate replication-cursor:v1-v2 --dry-run', 'no cursor of zrepl 0.2 was found'],
    ['migrate job-name gone offsite', 'nothing of job gone was found'],
  ] as const) {
    const more = words.startsWith('migrate') ? ['--config', config] : []
    const {exitCode, stdout, stderr} = await inside([EXECUTABLE, ...words.split(' '), ...more])
    expect([words, exitCode, stdout.trimEnd(), stderr]).toEqual([words, 0, said, ''])
  }
  const [snapshot = ''] = snapshotsOf('tank/data').map((line) => `tank/data@${line.split(' ')[0]}`)
  const {exitCode, stdout} = await inside([EXECUTABLE, 'holds', 'release', snapshot])
  expect([exitCode, stdout]).toEqual([0, `nothing of ours is on ${snapshot}\n`])
})

test('a run whose report is lost has done its work, and says that the report is lost', async () => {
  const before = snapshotsOf('tank/data').length
  const full = openSync('/dev/full', 'w')
  const words = [EXECUTABLE, 'snap', 'offsite', '--name', 'lost', '--json', '--config', config]
  const child = Bun.spawn([...installed.inside(words)], {
    cwd: '/',
    env: {PATH: '/usr/bin:/bin:/usr/sbin:/sbin'},
    stdin: 'ignore',
    stdout: full,
    stderr: 'pipe',
  })
  closeSync(full)
  expect(await new Response(child.stderr).text()).toContain('could be written to stdout: ENOSPC')
  expect([await child.exited, snapshotsOf('tank/data').length]).toEqual([1, before + 1])
})

test.each(['run', 'prune', 'plan'])(
  '%s notices a dataset that is missing below another pattern',
  async (command) => {
    const path = join(dir, 'missing.yml')
    const job = `jobs:
  - name: snaps
    type: snap
    filesystems: {"tank<": true, "tank/nope": true}
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 3}]}
`
    writeFileSync(path, job, {mode: 0o600})
    const {exitCode, stderr} = await inside([EXECUTABLE, command, 'snaps', '--config', path])
    expect(exitCode).toBe(1)
    expect(stderr.split('\n').filter((line) => line.includes('tank/nope'))).toEqual([
      "zrepl: job snaps: tank/nope: dataset-missing: 'tank/nope' does not exist (hint: is its pool imported? if it is gone for good, remove it from filesystems)",
    ])
  },
)
