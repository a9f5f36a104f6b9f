import {once} from 'node:events'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')

let directory = ''
let server: Server
const clients: Socket[] = []

/** Log servers that take nothing and that are not there, and a disk that is full. */
beforeAll(async () => {
  directory = mkdtempSync('/var/tmp/zrepl-logging-')
  server = createServer((socket) => clients.push(socket.pause()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as AddressInfo
  writeFileSync(
    join(directory, 'zrepl.yml'),
    `global:
  logging:
    - {type: stdout, format: logfmt, time: false}
    - {type: file, path: ${directory}/zrepl.log, level: debug, format: json}
    - {type: file, path: /dev/full, level: debug}
    - {type: tcp, address: "127.0.0.1:${port}", level: debug}
    - {type: tcp, address: "127.0.0.1:1", level: debug}
jobs:
  - name: fetch
    type: pull
    connect:
      {type: ssh+stdinserver, client: builtin, host: 127.0.0.1, port: 1, user: u, identity_file: ${directory}/none}
    root_fs: tank/fetched
    interval: manual
    pruning: {keep_sender: [{type: not_replicated}], keep_receiver: [{type: last_n, count: 1}]}
`,
    {mode: 0o600},
  )
})

afterAll(() => {
  for (const socket of clients) socket.destroy()
  server.close()
  rmSync(directory, {recursive: true})
})

test('outlets that take nothing cost a run a moment and nothing else; the others get what they want', async () => {
  const state = join(directory, 'state')
  const {stdout, stderr, exitCode} = await execa(
    EXECUTABLE,
    ['run', 'fetch', '--quiet', '--config', join(directory, 'zrepl.yml')],
    {reject: false, extendEnv: false, env: {PATH: '/usr/bin:/bin', XDG_STATE_HOME: state}, timeout: 20_000},
  )
  expect(exitCode).toBe(2)
  expect(stdout).toBe('')
  const lines = stderr.split('\n')
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^level=warn msg="log lines are lost" subsystem=log span=\S{4} outlet=file error="cannot write to '\/dev\/full': ENOSPC"$/,
    ),
  )
  expect(lines.filter((line) => line.includes('lines are lost') && line.includes('/dev/full'))).toHaveLength(
    1,
  )
  expect(lines.find((line) => line.includes("127.0.0.1:1'"))).toMatch(
    /msg="log lines are lost".*ECONNREFUSED/,
  )
  expect(lines).toContainEqual(expect.stringMatching(/^zrepl: job fetch: config: identity_file/))
  const logged = readFileSync(join(directory, 'zrepl.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(logged).toContainEqual(
    expect.objectContaining({level: 'debug', msg: 'span begins', annotation: 'run', subsystem: 'trace.data'}),
  )
  // Whoever greps for the outermost id finds all of the run.
  const id = logged.find(({annotation}) => annotation === 'run').span
  for (const line of logged)
    expect(line).toMatchObject({
      subsystem: expect.any(String),
      span: expect.stringMatching(`^${RegExp.escape(id)}`),
    })
})
