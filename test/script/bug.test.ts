import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {runJobs} from '../../src/lib/app/run-jobs.ts'
import type {Phase} from '../../src/lib/replicate/phase.ts'
import type {RunReport} from '../../src/lib/report/report.ts'

/** What is left of a command when one of its jobs runs into a bug of ours. */
const calls: string[] = []
const before = {...process.env}
let dir: string
let server: ReturnType<typeof Bun.serve>

beforeAll(() => {
  dir = mkdtempSync('/var/tmp/zrepl-bug-')
  Object.assign(process.env, {PATH: '/nowhere', STATE_DIRECTORY: dir})
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      calls.push(new URL(request.url).pathname)
      return new Response('OK')
    },
  })
})

afterAll(async () => {
  Object.assign(process.env, {PATH: before['PATH'], STATE_DIRECTORY: before['STATE_DIRECTORY']})
  if (before['STATE_DIRECTORY'] === undefined) delete process.env['STATE_DIRECTORY']
  await server.stop(true)
  rmSync(dir, {recursive: true, force: true})
})

/** A list of phases that nobody can ask for anything, the first time. */
function brokenOnce(): readonly Phase[] {
  const phases: Phase[] = ['snapshot', 'prune']
  let asked = 0
  phases.includes = (phase) => {
    asked += 1
    if (asked === 1) throw new TypeError('a token 1-c0ffee-a8-789c63600004')
    return phases.indexOf(phase) !== -1
  }
  return phases
}

function keptReports(job: string): readonly RunReport[] {
  const reports = join(dir, 'reports', job)
  return readdirSync(reports).map((name) => JSON.parse(readFileSync(join(reports, name), 'utf8')))
}

test('a bug is loud, stands in the report and in the exit status, and takes no other job its turn', async () => {
  const config = join(dir, 'zrepl.yml')
  const job = (name: string) =>
    `  - {type: snap, name: ${name}, filesystems: {"nowhere/data": true}, snapshotting: {type: manual}, pruning: {keep: [{type: last_n, count: 1}]}}\n`
  writeFileSync(
    config,
    `global: {notify: [{type: healthcheck, url: "http://127.0.0.1:${server.port}/first", jobs: [bug-first]}]}\njobs:\n${job('bug-first')}${job('bug-second')}`,
    {mode: 0o600},
  )
  const printed: string[] = []
  const problems: string[] = []
  const status = await runJobs({
    jobs: ['bug-first', 'bug-second'],
    config,
    phases: brokenOnce(),
    dryRun: false,
    trace: undefined,
    version: {raw: '1', line: 'zrepl 1'},
    keepTrace: false,
    json: true,
    quiet: false,
    verbose: false,
    print: (text) => printed.push(text),
    printError: (text) => problems.push(text),
  })
  const [first, second] = printed.map((text): RunReport => JSON.parse(text))
  expect(status).toBe(70)
  expect(first).toMatchObject({
    job: 'bug-first',
    exitStatus: 70,
    error: {code: 'bug', message: 'a token 1-c0ffee-a8-…'},
  })
  expect(second).toMatchObject({job: 'bug-second', exitStatus: 1})
  expect(keptReports('bug-first')).toEqual([first])
  expect(keptReports('bug-second')).toEqual([second])
  expect(problems[0]).toMatch(/^zrepl: an unexpected error, which is a bug in zrepl; please report it/)
  expect(problems[0]).toContain('bug.test.ts')
  expect(problems[0]).not.toContain('789c')
  expect(calls).toEqual(['/first/start', '/first/fail'])
})
