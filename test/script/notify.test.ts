import {chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, beforeEach, expect, test} from 'vitest'
import type {RunReport} from '../../src/lib/report/report.ts'
import {runToEnd} from './run-to-end.ts'

/** Whom a run of the executable tells how it ends. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const SECRET = 'c0ffee-is-secret'

let dir: string
let calls: {path: string; body: string}[]
let answer: () => Promise<Response>
let server: ReturnType<typeof Bun.serve>

beforeAll(() => {
  dir = mkdtempSync('/var/tmp/zrepl-notify-')
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      calls.push({path: new URL(request.url).pathname, body: await request.text()})
      return await answer()
    },
  })
})

afterAll(async () => {
  await server.stop(true)
  rmSync(dir, {recursive: true, force: true})
})

beforeEach(() => {
  calls = []
  answer = async () => new Response('OK')
})

function executable(name: string, text: string): string {
  const path = join(dir, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

/** Runs a job that fails: there is no `zfs` on this machine, or it has no such dataset. `more` is of the job. */
async function run(notify: string, words = ['run', 'snaps'], more = '') {
  const config = join(dir, 'zrepl.yml')
  writeFileSync(
    config,
    `global: {notify: [${notify}]}
jobs:
  - {type: snap, name: snaps, filesystems: {"nowhere/data": true}, snapshotting: {type: manual}, pruning: {keep: [{type: last_n, count: 1}]}${more}}
`,
    {mode: 0o600},
  )
  const {exitCode, stdout, stderr} = await runToEnd([EXECUTABLE, ...words, '--config', config], {
    cwd: dir,
    env: {PATH: '/nowhere', STATE_DIRECTORY: dir, XDG_RUNTIME_DIR: dir, GREETING: 'hello'},
  })
  return {exitCode, said: stdout + stderr}
}

function newestReport(): RunReport {
  const reports = join(dir, 'reports', 'snaps')
  const name = readdirSync(reports).toSorted().at(-1) ?? ''
  return JSON.parse(readFileSync(join(reports, name), 'utf8'))
}

const healthcheck = () => `{type: healthcheck, url: "http://127.0.0.1:${server.port}/${SECRET}", timeout: 1s}`

test('a program gets the report, what matters as variables, and our environment', async () => {
  const out = join(dir, 'told')
  const path = executable('tell', `{ echo "$1 $GREETING $ZREPL_JOB $ZREPL_EXIT_STATUS"; /bin/cat; } >${out}`)
  const {exitCode} = await run(`{type: command, path: ${path}, args: ["a b"]}`)
  const [first, ...report] = (await Bun.file(out).text()).split('\n')
  expect(first).toBe(`a b hello snaps ${exitCode}`)
  expect(JSON.parse(report.join('\n'))).toMatchObject({job: 'snaps', exitStatus: exitCode, dryRun: false})
  expect(exitCode).toBe(1)
})

test('a change is told once; another job’s runs are not', async () => {
  const out = join(dir, 'changes')
  const path = executable('note', `echo told >>${out}`)
  rmSync(join(dir, 'reports'), {recursive: true, force: true})
  for (let round = 0; round < 3; round += 1) await run(`{type: command, path: ${path}, when: change}`)
  expect(await Bun.file(out).text()).toBe('told\n')
})

test('a run that leaves the job to another one is no failure, and no news: that one tells how the job is', async () => {
  const [began, out] = [join(dir, 'began'), join(dir, 'told-of-busy')]
  await execa('mkfifo', [began])
  const hook = executable('hook', `[ "$ZREPL_HOOKTYPE" = pre_job ] && echo >${began} && : <${began}; exit 0`)
  const path = executable('note-busy', `echo "$ZREPL_EXIT_STATUS" >>${out}`)
  const first = run(
    `{type: command, path: ${path}}`,
    ['run', 'snaps'],
    `, hooks: [{type: command, path: ${hook}}]`,
  )
  await execa('cat', [began])
  try {
    for (const when of ['failure', 'change']) {
      const notify = `{type: command, path: ${path}, when: ${when}}, ${healthcheck()}`
      const {exitCode, said} = await run(notify, ['run', 'snaps', '--quiet'])
      expect({exitCode, said}).toEqual({exitCode: 5, said: ''})
    }
    expect(calls.map(({path}) => path)).toEqual(Array(2).fill(`/${SECRET}/start`))
    expect((await run('', ['run', 'snaps'])).said).toContain('already running')
  } finally {
    await execa('sh', ['-c', ': >"$0"', began])
  }
  expect((await first).exitCode).toBe(1)
  expect(await Bun.file(out).text()).toBe('1\n')
  expect(newestReport().exitStatus).toBe(1)
})

test('a health check hears of the start and of the failure, with the reason', async () => {
  const {exitCode, said} = await run(healthcheck())
  expect(exitCode).toBe(1)
  expect(calls.map(({path}) => path)).toEqual([`/${SECRET}/start`, `/${SECRET}/fail`])
  expect(calls[1]?.body).toContain('snaps')
  expect(said).not.toContain(SECRET)
})

test('a dry run is nobody’s business', async () => {
  await run(healthcheck(), ['plan', 'snaps'])
  expect(calls).toEqual([])
})

test.each([
  ['refuses', async () => new Response('', {status: 503}), 'answers 503'],
  ['hangs', () => new Promise<Response>(() => {}), 'did not answer in time'],
])('a health check that %s is a warning, which does not tell the URL', async (_, does, words) => {
  answer = does
  const {exitCode, said} = await run(healthcheck())
  expect(exitCode).toBe(1)
  expect(said).toContain('cannot notify')
  expect(said).toContain(words)
  expect(said).not.toContain(SECRET)
  expect(said).toContain(`zrepl: job snaps: notify healthcheck of the end: the health check`)
  expect(newestReport().notifyFailures).toEqual([
    {type: 'healthcheck', of: 'start', error: expect.stringContaining(words)},
    {type: 'healthcheck', of: 'end', error: expect.stringContaining(words)},
  ])
})

test('a program that fails, hangs or is not there is a warning', async () => {
  const failing = executable('failing', 'echo no >&2; exit 3')
  const hanging = executable('hanging', 'exec /bin/sleep 600')
  const {exitCode, said} = await run(
    `{type: command, path: ${failing}}, {type: command, path: ${hanging}, timeout: 1s}, {type: command, path: /nowhere/tell}`,
  )
  expect(exitCode).toBe(1)
  expect(said).toContain('ended with exit status 3: no')
  expect(said).toContain('did not end within 1 s')
  expect(said).toContain('/nowhere/tell')
})
