import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import validateReport from '../../src/generated/validate-report.js'

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')

let directory = ''

/** A source of which nobody has ever heard: it cannot be reached, and so every run fails in the same way. */
beforeAll(() => {
  directory = mkdtempSync('/var/tmp/zrepl-status-')
  mkdirSync(join(directory, 'state'), {mode: 0o700})
  const config = `global:
  monitoring:
    - {type: textfile, path: ${directory}/zrepl.prom}
jobs:
  - name: fetch
    type: pull
    connect:
      {type: ssh+stdinserver, client: builtin, host: 127.0.0.1, port: 1, user: u, identity_file: ${directory}/none}
    root_fs: tank/fetched
    interval: manual
    pruning: {keep_sender: [{type: not_replicated}], keep_receiver: [{type: last_n, count: 1}]}
  - name: inbox
    type: sink
    serve: {type: stdinserver, client_identities: [somebody]}
    root_fs: tank/inbox
`
  writeFileSync(join(directory, 'zrepl.yml'), config, {mode: 0o600})
})

afterAll(() => rmSync(directory, {recursive: true}))

/** The same on a terminal of 80 columns and 4 rows. */
async function onTerminal(terminal: string, ...words: readonly string[]): Promise<string> {
  const line = [EXECUTABLE, ...words, '--config', join(directory, 'zrepl.yml')].join(' ')
  const {stdout} = await execa('script', ['-qec', `stty cols 80 rows 4; ${line}`, '/dev/null'], {
    reject: false,
    extendEnv: false,
    env: {PATH: '/usr/bin:/bin', TERM: terminal, STATE_DIRECTORY: join(directory, 'state')},
    stdin: 'ignore',
  })
  return stdout.replaceAll('\r\n', '\n')
}

async function zrepl(...words: readonly string[]) {
  const env = {PATH: '/usr/bin:/bin', STATE_DIRECTORY: join(directory, 'state')}
  return await execa(EXECUTABLE, [...words, '--config', join(directory, 'zrepl.yml')], {
    reject: false,
    extendEnv: false,
    env,
  })
}

test('what runs leave is what status shows, and a file for node_exporter', async () => {
  expect((await zrepl('status')).stdout).toBe('job fetch (pull)\n  no run is on record')
  const check = await zrepl('status', '--check')
  expect(check).toMatchObject({exitCode: 3, stdout: 'ZREPL UNKNOWN - job fetch has never run'})

  const run = await zrepl('run', 'fetch', '--json')
  expect(validateReport(JSON.parse(run.stdout))).toBe(true)
  expect(run.exitCode).toBeGreaterThan(0)

  const shown = await zrepl('status', 'fetch')
  expect(shown.exitCode).toBe(0)
  expect(shown.stdout).toContain(`; exit ${run.exitCode}: `)
  expect(shown.stdout).toContain('no run on record has succeeded')
  const {stdout} = await zrepl('status', '--json')
  expect(JSON.parse(stdout)).toMatchObject({job: 'fetch', last: {job: 'fetch', exitStatus: run.exitCode}})
  expect((await zrepl('status', '--check')).exitCode).toBe(2)
  expect(readFileSync(join(directory, 'zrepl.prom'), 'utf8')).toContain(
    `zrepl_run_exit_status{zrepl_job="fetch"} ${run.exitCode}\n`,
  )
})

test('of a sink it is said that it has no runs, where it is asked for', async () => {
  expect(await zrepl('status', 'inbox')).toMatchObject({
    exitCode: 0,
    stdout: 'job inbox (sink): it is served to its clients and has no runs of its own',
  })
  expect((await zrepl('status')).stdout).not.toContain('inbox')
  expect((await zrepl('status', 'inbox', '--json')).stdout).toBe('')
})

test('what is shown on a terminal while nothing runs is shown as a whole, and without colours on one that has none', async () => {
  const plain = (await zrepl('status', 'fetch')).stdout
  expect(plain.split('\n').length).toBeGreaterThan(3)
  expect(Math.max(...plain.split('\n').map((line) => line.length))).toBeGreaterThan(80)
  const lines = (text: string) => text.split('\n').map((line) => line.replace(/\d+(\.\d+)?m?s ago/, ''))
  const dumb = await onTerminal('dumb', 'status', 'fetch')
  expect(dumb).not.toContain('\u001b')
  expect(lines(dumb)).toEqual(lines(plain))
  const shown = await onTerminal('xterm', 'status', 'fetch')
  expect(shown).toContain('\u001b[')
  expect(lines(shown.replaceAll(/\u001b\[[\d;]*[A-Za-z]/g, '').trimEnd())).toEqual(lines(plain))
})

test('a dry run leaves nothing', async () => {
  const before = (await zrepl('status', '--json')).stdout
  await zrepl('plan', 'fetch')
  expect((await zrepl('status', '--json')).stdout).toBe(before)
})

test('what keeps a check from judging is unknown to the monitoring system', async () => {
  const age = await zrepl('status', '--check', '--warning', 'soon')
  expect(age.exitCode).toBe(3)
  expect(age.stdout).toMatch(/^ZREPL UNKNOWN - .*--warning 'soon'/)
  for (const [words, why] of [
    [['--warning', '-1d'], /--warning '-1d': an age is more than 0/],
    [['--critical', '0'], /--critical '0': an age is more than 0/],
    [['--warning', '2h', '--critical', '1h'], /--warning '2h' is later than --critical '1h'/],
    [['--warning', '3d'], /--warning '3d' is later than --critical '2d'/],
    [['--foo'], /Nonexistent flag: --foo/],
    [['--json'], /--json=true cannot also be provided when using --check/],
  ] as const) {
    const {exitCode, stdout, stderr} = await zrepl('status', '--check', ...words)
    expect([words, exitCode, stderr]).toEqual([words, 3, ''])
    expect(stdout).toMatch(/^ZREPL UNKNOWN - [^\n]*$/)
    expect(stdout).toMatch(why)
  }
  const job = await zrepl('status', 'nobody', '--check')
  expect(job.exitCode).toBe(3)
  expect(job.stdout).toMatch(/^ZREPL UNKNOWN - .*nobody/)
})
