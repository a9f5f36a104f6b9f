import {mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {readChromeTrace} from '../../src/lib/trace/chrome-trace.ts'
import {endOf, type TraceNode, walk} from '../../src/lib/trace/trace-node.ts'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine} from '../sim/machine/state.ts'
import {untilEnd} from './run-to-end.ts'

/** Traces of the compiled executable, with the model's `zfs`: what is in them, and how they are kept. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')

vi.setConfig({testTimeout: 120_000})

let dir: string
let config: string
let installed: Installed

beforeAll(async () => {
  dir = mkdtempSync('/var/tmp/zrepl-trace-')
  config = join(dir, 'zrepl.yml')
  writeFileSync(join(dir, 'hook'), '#!/bin/sh\nexit 0\n', {mode: 0o755})
  // Says that it runs, and when it is told to stop, and stays.
  writeFileSync(
    join(dir, 'stay'),
    `#!/bin/sh\ntrap 'echo told >${dir}/stays' TERM\necho $$ >${dir}/stays\nwhile :; do sleep 1; done\n`,
    {
      mode: 0o755,
    },
  )
  writeFileSync(config, CONFIG(dir), {mode: 0o600})
  installed = await installZfs(dir, createMachine('2.3.2'))
})

afterAll(() => rmSync(dir, {recursive: true, force: true}))

const CONFIG = (dir: string) => `global:
  monitoring: [{type: trace}]
jobs:
  - name: offsite
    type: push
    connect: {type: local, listener_name: sim, client_identity: prod}
    filesystems: {"tank/data<": true}
    hooks: [{type: command, path: ${dir}/hook, args: [all], around: replicate}]
    snapshotting:
      type: periodic
      prefix: zrepl_
      interval: 1h
      hooks: [{type: command, path: ${dir}/hook, args: [round], per: round}]
    pruning:
      keep_sender: [{type: not_replicated}, {type: last_n, count: 2}]
      keep_receiver: [{type: last_n, count: 3}]
  - name: backups
    type: sink
    serve: {type: local, listener_name: sim}
    root_fs: vault/backups
    recv: {placeholder: {encryption: inherit}}
  - name: stuck
    type: snap
    filesystems: {"tank/other": true}
    hooks: [{type: command, path: ${dir}/stay, around: job}]
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 1}]}
`

function start(words: readonly string[]) {
  return Bun.spawn([...installed.inside([EXECUTABLE, ...words])], {
    cwd: '/',
    env: {PATH: '/usr/bin:/bin:/usr/sbin:/sbin', STATE_DIRECTORY: join(dir, 'state')},
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

async function zrepl(...words: readonly string[]) {
  return await untilEnd(start(words))
}

const kept = (job: string, ending: string) =>
  readdirSync(join(dir, 'state', 'reports', job)).filter((name) => name.endsWith(ending))

/** The spans of the newest trace that is kept of a job. */
function spansOf(job: string): readonly TraceNode[] {
  const file = kept(job, '.trace').toSorted().at(-1) ?? 'none'
  const text = readFileSync(join(dir, 'state', 'reports', job, file), 'utf8')
  return readChromeTrace(text).flatMap((root) => Array.from(walk(root), ({node}) => node))
}

test('the trace of a run has every program, frame, lane, lock, hook and phase, with what matters of each', async () => {
  expect((await zrepl('run', 'offsite', '--config', config)).exitCode).toBe(0)
  const nodes = spansOf('offsite')
  const named = (pattern: RegExp) => nodes.filter(({name}) => pattern.test(name))
  const names = new Set(nodes.map(({name}) => name))
  const NUMBER = expect.any(Number)

  expect(nodes[0]).toMatchObject({name: 'job', args: {job: 'offsite'}})
  for (const name of [
    'lock',
    'snapshot',
    'replicate',
    'prune',
    'prune-sender',
    'prune-receiver',
    'filesystem',
  ])
    expect(names).toContain(name)

  const programs = named(/^zfs /)
  expect(new Set(programs.map(({args}) => 'host' in args))).toEqual(new Set([true, false]))
  for (const {name, args} of programs) {
    expect(args).toMatchObject({
      argv: expect.arrayContaining(name.split(' ')),
      exitCode: NUMBER,
      userMs: NUMBER,
      systemMs: NUMBER,
    })
  }
  const [sent, received] = [named(/^zfs send$/), named(/^zfs receive$/)]
  expect([sent.length, received.length]).toEqual([3, 3])
  for (const {args} of sent) expect(Number(args['bytes'])).toBeGreaterThan(0)
  // What it reads when it starts is in it too.
  for (const [index, {args}] of received.entries())
    expect(Number(args['readBytes'])).toBeGreaterThanOrEqual(Number(sent[index]?.args['bytes']))

  const requests = named(/^request /)
  for (const {name, args, children} of requests) {
    const served = children.find((child) => child.name === name.replace('request', 'serve'))
    const frames = {requestBytes: args['requestBytes'], responseBytes: args['responseBytes']}
    expect(frames).toEqual({requestBytes: NUMBER, responseBytes: NUMBER})
    expect(served?.args).toMatchObject({...frames, host: 'local sim'})
  }
  expect(new Set(requests.map(({name}) => name))).toContain('request observe')

  expect(named(/^lane$/).map(({args}) => args)).toEqual([
    expect.objectContaining({
      argv: expect.arrayContaining(['stdinserver', 'prod']),
      exitCode: 0,
      userMs: NUMBER,
      systemMs: NUMBER,
      readBytes: expect.stringMatching(/^\d+$/),
      writtenBytes: expect.stringMatching(/^\d+$/),
    }),
  ])
  expect(named(/^hook-/).map(({name, args}) => [name, args['argv']])).toEqual([
    ['hook-before', [`${dir}/hook`, 'round']],
    ['hook-after', [`${dir}/hook`, 'round']],
    ['hook-before', [`${dir}/hook`, 'all']],
    ['hook-after', [`${dir}/hook`, 'all']],
  ])
  for (const {args} of named(/^hook-/))
    expect(args).toMatchObject({exitCode: 0, userMs: NUMBER, systemMs: NUMBER})

  const outside = nodes.flatMap((outer) =>
    outer.children.filter((inner) => inner.startUs < outer.startUs || endOf(inner) > endOf(outer)),
  )
  expect(outside).toEqual([])
})

test('it lies beside the report, privately, and is found by the job or the run', async () => {
  const [report = ''] = kept('offsite', '.json')
  const run = report.replace('.json', '')
  expect(kept('offsite', '.trace')).toEqual([`${run}.trace`])
  const file = join(dir, 'state', 'reports', 'offsite', `${run}.trace`)
  const {mode, size} = statSync(file)
  expect(mode & 0o777).toBe(0o600)

  const listed = await zrepl('trace', 'list', '--json', '--config', config)
  expect(JSON.parse(listed.stdout)).toEqual({
    job: 'offsite',
    run,
    file,
    bytes: size,
    durationMs: expect.any(Number),
    exitStatus: 0,
  })
  expect((await zrepl('trace', 'list', 'offsite', '--config', config)).stdout).toMatch(
    new RegExp(`^offsite  ${run}  +[0-9.]+m?s  +[0-9.]+ KiB  exit 0: all done\n$`),
  )

  const shown = await zrepl('trace', 'show', 'offsite')
  expect(shown.stdout).toMatch(/^\* +0ms .* job job=offsite\n/)
  expect(shown.stdout).toContain('waited for')
  for (const words of [['offsite', run], ['offsite', run.slice(0, 13)], [file]])
    expect((await zrepl('trace', 'show', ...words)).stdout).toBe(shown.stdout)
  expect(JSON.parse((await zrepl('trace', 'show', 'offsite', '--json')).stdout)[0]).toMatchObject({
    name: 'job',
    waitedUs: expect.any(Number),
  })
  const page = join(dir, 'page.html')
  expect((await zrepl('trace', 'export', 'offsite', '--html', page)).exitCode).toBe(0)
  expect(readFileSync(page, 'utf8')).toContain('zfs receive')
})

test.each([
  [['trace', 'show', 'nothing'], "there is no file 'nothing', and nothing is kept of a job of that name"],
  [
    ['trace', 'show', 'offsite', '1999'],
    "of job 'offsite' no trace of a run that begins with '1999' is kept",
  ],
  [['trace', 'show', '/nowhere/run.json'], "there is no file '/nowhere/run.json'"],
  [['trace', 'list', 'offside', '--config', '?'], "there is no job 'offside'"],
])('%j: there is none, and how to get one is said', async (words, message) => {
  const {exitCode, stderr} = await zrepl(...words.map((word) => (word === '?' ? config : word)))
  expect(exitCode).toBe(2)
  expect(stderr).toContain(message)
  if (!message.includes('/') && words[1] === 'show')
    expect(stderr).toContain('--keep-trace, and of all runs with {type: trace} in global.monitoring')
})

test('a run that is told to stop, and again to stop at once, leaves a whole trace of what was under way', async () => {
  expect(await Bun.spawn(['mkfifo', join(dir, 'stays')]).exited).toBe(0)
  const child = start(['run', 'stuck', '--config', config])
  const said = () => readFileSync(join(dir, 'stays'), 'utf8').trim()
  const pid = Number(said())
  child.kill('SIGTERM')
  expect(said()).toBe('told')
  child.kill('SIGTERM')
  expect(await child.exited).toBe(6)
  process.kill(-pid, 'SIGKILL')
  expect(kept('stuck', '.json')).toEqual([])
  const hook = spansOf('stuck').find(({name}) => name === 'hook-before')
  expect(hook?.args).toMatchObject({argv: [`${dir}/stay`], unended: true})
  const {stdout} = await zrepl('trace', 'list', 'stuck', '--config', config)
  expect(stdout).toContain('no report: it still runs, or was killed\n')
})
