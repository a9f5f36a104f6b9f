import {
  chmodSync,
  closeSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {COMMANDS} from '../../src/commands/index.ts'
import {EXIT_MEANING} from '../../src/lib/core/exit-code.ts'
import {listenForDatagrams} from '../unit/host/datagram-listener.ts'
import {type Ended, runToEnd, untilEnd} from './run-to-end.ts'

/** A directory that has nothing in it but the executable, below one that only we can write. */
let dir: string
let executable: string

beforeAll(() => {
  dir = mkdtempSync('/var/tmp/zrepl-script-')
  executable = join(dir, 'zrepl')
  copyFileSync(join(import.meta.dirname, '..', '..', 'dist', 'zrepl'), executable)
  chmodSync(executable, 0o755)
})

afterAll(() => rmSync(dir, {recursive: true, force: true}))

async function zrepl(
  words: readonly string[],
  options: {readonly stdin?: string; readonly env?: Record<string, string>} = {},
): Promise<Ended> {
  const child = Bun.spawn([executable, ...words], {
    cwd: dir,
    env: {PATH: '/usr/bin:/bin', ...options.env},
    stdin: new Blob([options.stdin ?? '']),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  return await untilEnd(child)
}

function writeConfig(text: string): string {
  const path = join(dir, 'zrepl.yml')
  rmSync(path, {force: true})
  writeFileSync(path, text, {mode: 0o600})
  return path
}

const SNAP_JOB = `jobs:
  - name: snaps
    type: snap
    filesystems: {"tank<": true}
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 3}]}
`

const JOBS_OF_ALL_TYPES = `${SNAP_JOB}  - name: origin
    type: source
    serve: {type: local, listener_name: origin}
    filesystems: {"tank<": true}
    snapshotting: {type: manual}
  - name: fetch
    type: pull
    connect: {type: local, listener_name: origin, client_identity: me}
    root_fs: tank/fetched
    interval: manual
    pruning: {keep_sender: [{type: not_replicated}], keep_receiver: [{type: last_n, count: 1}]}
  - name: inbox
    type: sink
    serve: {type: local, listener_name: inbox}
    root_fs: tank/inbox
`

test('it tells its version alone in an empty directory', async () => {
  expect(await zrepl(['--version'])).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^zrepl\/\d+\.\d+\.\d+ /),
    stderr: '',
  })
})

test('what people type for help and the version is understood', async () => {
  const help = await zrepl(['--help'])
  for (const words of [['-h'], ['help']]) expect(await zrepl(words)).toEqual(help)
  const ofRun = await zrepl(['run', '--help'])
  for (const words of [
    ['run', '-h'],
    ['help', 'run'],
  ])
    expect(await zrepl(words)).toEqual(ofRun)
  expect(await zrepl(['version'])).toEqual(await zrepl(['--version']))
})

test('--help lists every command, or the topic it belongs to', async () => {
  const {exitCode, stdout} = await zrepl(['--help'])
  expect(exitCode).toBe(0)
  for (const id of Object.keys(COMMANDS)) expect(stdout).toMatch(new RegExp(`^  ${id.split(':')[0]} `, 'm'))
})

test.each(Object.keys(COMMANDS))('%s --help names every exit status', async (command) => {
  // Its stdout is for its client, whatever it is started with.
  const words = command === 'stdinserver' ? ['--help', command] : [command, '--help']
  const {exitCode, stdout} = await zrepl(words)
  expect(exitCode).toBe(0)
  const oneLine = stdout.replace(/\s+/g, ' ')
  for (const [status, meaning] of Object.entries(EXIT_MEANING))
    expect(oneLine).toContain(`${status} ${meaning}`)
})

test.each([
  ['an unknown command', ['rollback'], /rollback/],
  ['the daemon', ['daemon'], /there is no daemon \(hint: use zrepl run JOB/],
  [
    'a signal to it',
    ['signal', 'wakeup', 'offsite'],
    /no daemon to signal: wakeup \(hint: use zrepl run offsite\)/,
  ],
  ['an unknown flag', ['run', 'x', '--force'], /--force/],
  ['no job', ['run'], /job/i],
  [
    'a job behind --only that is none',
    ['run', '--only', 'prune', 'nobody', '--config', 'CONFIG'],
    /there is no job 'nobody'/,
  ],
  ['a phase that is none', ['run', 'x', '--only', 'destroy'], /snapshot, replicate, prune/],
  [
    'a phase the job does not have',
    ['run', 'snaps', '--only', 'replicate', '--config', 'CONFIG'],
    /job 'snaps' of type snap does not replicate \(hint: a push job/,
  ],
  [
    'replicate of a snap job',
    ['replicate', 'snaps', '--config', 'CONFIG'],
    /'snaps' of type snap does not replicate/,
  ],
  [
    'replicate of a source',
    ['replicate', 'origin', '--config', 'CONFIG'],
    /'origin' of type source does not replicate/,
  ],
  [
    'prune of a source',
    ['prune', 'origin', '--config', 'CONFIG'],
    /'origin' of type source does not prune \(hint: the pull jobs/,
  ],
  [
    'snap of a pull job',
    ['snap', 'fetch', '--config', 'CONFIG'],
    /'fetch' of type pull does not take snapshots/,
  ],
  [
    'a run of a sink, behind a job that could run',
    ['run', 'snaps', 'inbox', '--config', 'CONFIG'],
    /'inbox' is a sink/,
  ],
  ['flags that exclude each other', ['run', 'x', '-q', '-v'], /quiet|verbose/],
  [
    'no configuration',
    ['run', 'x', '--config', '/nowhere/zrepl.yml'],
    /\/nowhere\/zrepl\.yml: error: .*does not exist/,
  ],
  ['stdinserver without an identity', ['stdinserver'], /CLIENT_IDENTITY/],
  ['stdinserver with two identities', ['stdinserver', 'a', 'b'], /exactly one/],
  ['stdinserver with an unknown option', ['stdinserver', 'a', '--root'], /--root/],
])('%s is exit 2, with a reason on stderr and nothing on stdout', async (_, words, reason) => {
  const config = writeConfig(JOBS_OF_ALL_TYPES)
  const {exitCode, stdout, stderr} = await zrepl(words.map((word) => (word === 'CONFIG' ? config : word)))
  expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''})
  expect(stderr).toMatch(reason)
  expect(stderr).not.toMatch(/ at .*\.(ts|js):/)
})

test('trace show and trace export read back what --trace has written, and refuse anything else', async () => {
  const path = writeConfig(SNAP_JOB)
  const trace = join(dir, 'trace.json')
  await zrepl(['plan', 'snaps', '--config', path, '--trace', trace])
  expect(JSON.parse(await Bun.file(trace).text()).length).toBeGreaterThan(1)
  const {exitCode, stdout} = await zrepl(['trace', 'show', trace])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(
    /^\* +0ms +\S+ {2}run\n\* +\S+ +\S+ {4}job job=snaps\n\* +\S+ +\S+ {6}observe-sender/,
  )
  const page = join(dir, 'trace.html')
  expect(await zrepl(['trace', 'export', trace, '--html', page])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: '',
  })
  expect(await Bun.file(page).text()).toContain('<div class="name">observe-sender<i>')
  for (const words of [
    ['show', path],
    ['export', path, '--html', page],
  ]) {
    expect(await zrepl(['trace', ...words])).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('as a trace'),
    })
  }
})

describe('a file that is named and cannot be written', () => {
  const named = [
    ['plan', '--html'],
    ['plan', '--trace'],
    ['run', '--trace'],
    ['trace', '--html'],
  ] as const
  const fifo = () => join(dir, 'fifo')
  beforeAll(() => void Bun.spawnSync(['mkfifo', fifo()]))

  async function refused(words: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const {exitCode, stdout, stderr} = await zrepl(words, {env})
    expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''})
    expect(lstatSync(fifo()).isFIFO()).toBe(true)
    return stderr
  }

  test.each(named)('%s %s says so before anything is done', async (command, flag) => {
    const path = writeConfig(SNAP_JOB)
    const trace = join(dir, 'named-trace.json')
    await zrepl(['plan', 'snaps', '--config', path, '--trace', trace])
    const words = command === 'trace' ? ['trace', 'export', trace] : [command, 'snaps', '--config', path]
    for (const [file, why] of [
      ['', 'the name is empty'],
      ['/nonexistent/x', "the directory '/nonexistent' does not exist"],
      [fifo(), 'it is a FIFO, and no file'],
    ] as const)
      expect(await refused([...words, flag, file])).toMatch(
        new RegExp(`^zrepl: usage: cannot write '${file}': ${why} \\(hint: name a file, .*\\)\n$`),
      )
  })

  test('also by ZREPL_ACTIVITY_TRACE, where the empty one is none', async () => {
    const words = ['plan', 'snaps', '--json', '--config', writeConfig(SNAP_JOB)]
    expect(await refused(words, {ZREPL_ACTIVITY_TRACE: fifo()})).toContain(`cannot write '${fifo()}'`)
    const {stdout, stderr} = await zrepl(words, {env: {ZREPL_ACTIVITY_TRACE: ''}})
    expect(JSON.parse(stdout)).toMatchObject({job: 'snaps'})
    expect(stderr).not.toContain('cannot write')
  })
})

test('a page goes where a link leads, and the link stays', async () => {
  const path = writeConfig(SNAP_JOB)
  mkdirSync(join(dir, 'pages'))
  symlinkSync('pages/plan.html', join(dir, 'link.html'))
  await zrepl(['plan', 'snaps', '--config', path, '--html', 'link.html'])
  expect(readlinkSync(join(dir, 'link.html'))).toBe('pages/plan.html')
  expect(readFileSync(join(dir, 'pages', 'plan.html'), 'utf8')).toContain('<html')
})

test('configcheck lists the jobs', async () => {
  const path = writeConfig(SNAP_JOB)
  expect(await zrepl(['configcheck', '--config', path])).toEqual({
    exitCode: 0,
    stdout: `${path}: 1 job\n  snaps (snap)\n`,
    stderr: '',
  })
})

test('configcheck shows every mistake with its place, and says how many', async () => {
  const path = writeConfig(SNAP_JOB.replace('snapshotting', 'snapshoting').replace('count: 3', 'count: 0'))
  const {exitCode, stdout, stderr} = await zrepl(['configcheck', '--config', path])
  expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''})
  expect(stderr).toContain(`${path}:5:5: error: `)
  expect(stderr).toContain('snapshotting')
  expect(stderr).toMatch(/:6:\d+: error: jobs\[0\]\.pruning\.keep\[0\]\.count/)
  expect(stderr).toMatch(/\n {4}\| +\^/)
})

test('a configuration that others can write is not trusted', async () => {
  const path = writeConfig(SNAP_JOB)
  chmodSync(path, 0o666)
  const {exitCode, stderr} = await zrepl(['configcheck', '--config', path])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('can be written by others')
})

const PULL_JOB = `
  - name: fetch
    type: pull
    connect: {type: ssh+stdinserver, host: h, user: u, port: 22, identity_file: /nowhere/key}
    root_fs: tank/fetched
    interval: manual
    pruning: {keep_sender: [{type: not_replicated}], keep_receiver: [{type: last_n, count: 1}]}
`

/** Runs the executable with a stdout that takes nothing, and has no more room for it. */
async function withFullDisk(...words: readonly string[]): Promise<Pick<Ended, 'exitCode' | 'stderr'>> {
  const full = openSync('/dev/full', 'w')
  const child = Bun.spawn([executable, ...words], {
    cwd: dir,
    env: {PATH: '/usr/bin:/bin', STATE_DIRECTORY: join(dir, 'state')},
    stdin: 'ignore',
    stdout: full,
    stderr: 'pipe',
  })
  closeSync(full)
  return {stderr: await new Response(child.stderr).text(), exitCode: await child.exited}
}

test.each([
  [1, ['--help']],
  [1, ['--version']],
  [1, ['run', '--help']],
  [1, ['timers', '--cron']],
  [1, ['configcheck']],
  [1, ['status']],
  [1, ['status', '--json']],
  [1, ['status', '--watch']],
  [3, ['status', '--check']],
  [2, ['plan', 'fetch', '--json']],
  [2, ['plan', 'fetch']],
])('a result that is lost is told, and makes %d of what would be 0: %j', async (status, words) => {
  const path = writeConfig(SNAP_JOB + PULL_JOB.slice(1))
  const named = words[0]?.startsWith('-') || words.includes('--help') ? words : [...words, '--config', path]
  const {exitCode, stderr} = await withFullDisk(...named)
  expect(exitCode).toBe(status)
  expect(stderr.split('\n').filter((line) => line.includes('stdout'))).toEqual([
    'zrepl: host: not all that was printed could be written to stdout: ENOSPC (hint: do not use what has got there; what else was done is done)',
  ])
})

// On a machine with ZFS the lab shows it, by taking zfs away.
test.skipIf(Bun.which('zfs') !== null)('without zfs a run says so, as JSON too, and exits 1', async () => {
  const path = writeConfig(SNAP_JOB)
  const {exitCode, stdout, stderr} = await zrepl(['run', 'snaps', '--json', '--dry-run', '--config', path])
  expect(exitCode).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({
    job: 'snaps',
    exitStatus: 1,
    snapshot: {error: {code: 'zfs-missing'}},
  })
  expect(stderr).toContain('zfs-missing')
})

test('what lies in the working directory changes nothing', async () => {
  writeFileSync(join(dir, 'evil.ts'), "require('node:fs').writeFileSync('owned', '')\n")
  writeFileSync(join(dir, 'bunfig.toml'), 'preload = ["./evil.ts"]\n')
  writeFileSync(join(dir, '.env'), 'BUN_OPTIONS=--preload=./evil.ts\nZREPL_EVIL=1\n')
  writeFileSync(
    join(dir, 'package.json'),
    '{"name":"evil","version":"9.9.9","oclif":{"commands":"./evil","hooks":{"init":"./evil.ts"}},"type":"commonjs"}',
  )
  writeFileSync(join(dir, 'tsconfig.json'), '{"compilerOptions":{"paths":{"*":["./evil.ts"]}}}')
  const path = writeConfig(SNAP_JOB)
  for (const words of [
    ['--version'],
    ['configcheck', '--config', path],
    ['stdinserver', 'x', '--config', path],
  ]) {
    const {stdout, stderr} = await zrepl(words)
    expect(stdout + stderr).not.toContain('9.9.9')
  }
  expect(await Bun.file(join(dir, 'owned')).exists()).toBe(false)
})

test('stdinserver greets as zrepl does and goes when the client goes', async () => {
  const {exitCode, stdout, stderr} = await zrepl(['stdinserver', 'x', '--config', writeConfig(SNAP_JOB)])
  expect(stdout.startsWith('SSHCON_HELO\0')).toBe(true)
  expect(stdout).toContain('ZREPL_ZFS_REPLICATION PROTOVERSION=0007 EXTENSIONS=0001\nlanes=1\n')
  expect(exitCode).toBe(3)
  expect(stderr).toContain('closed the connection')
})

/** A shell script with a device directory of its own, in which the datagram socket `$2` is the syslog. */
const WITH_SYSLOG = `mount -t tmpfs none "$1" && ln -s "$2" "$1/log" || exit 99
for node in null zero full random urandom; do touch "$1/$node" && mount --bind "/dev/$node" "$1/$node" || exit 99; done
mount --rbind "$1" /dev && shift 2 && exec "$@"`

test('what is wrong with a configuration is told to the syslog of the serving host, and not to the client', async () => {
  const path = writeConfig(SNAP_JOB.replace('snapshotting', 'snapshoting'))
  const socket = join(dir, 'syslog')
  using syslog = listenForDatagrams(socket)
  mkdirSync(join(dir, 'dev'))
  const words = [executable, 'stdinserver', 'mallory', '--config', path]
  const {exitCode, stderr} = await runToEnd(
    [
      'unshare',
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      WITH_SYSLOG,
      'sh',
      join(dir, 'dev'),
      socket,
      ...words,
    ],
    {cwd: dir, env: {PATH: '/usr/bin:/bin'}},
  )
  const [refused, ...rest] = stderr.trim().split('\n')
  expect(JSON.parse(refused ?? '')).toEqual({
    told: 'log',
    level: 'error',
    message: 'client refused',
    fields: expect.objectContaining({error: 'the configuration of the serving side cannot be used'}),
  })
  expect([exitCode, rest]).toEqual([3, [expect.stringContaining('closed the connection')]])
  const lines = Array.from({length: 20}, () => syslog.next()).filter((line) => line !== undefined)
  expect(lines).toContainEqual(expect.stringContaining(`${path}:5:5: error: jobs[0].snapshoting`))
  expect(lines).toContainEqual(expect.stringContaining(`mistakes in '${path}'`))
  for (const line of lines) expect(line).toMatch(/^<131>.* zrepl\[\d+\]: /)
})

test('stdinserver does not load the command line', async () => {
  const entry = await Bun.file(join(import.meta.dirname, '..', '..', 'src', 'cli.ts')).text()
  expect(entry.match(/^import /gm)).toBeNull()
  const reached = await Bun.build({
    entrypoints: [join(import.meta.dirname, '..', '..', 'src', 'lib', 'app', 'stdinserver.ts')],
    target: 'bun',
    metafile: true,
  })
  const inputs = Object.keys(reached.metafile?.inputs ?? {})
  expect(inputs.filter((file) => file.endsWith('rpc/serve.ts'))).toHaveLength(1)
  expect(inputs.filter((file) => /oclif|execa/.test(file))).toEqual([])
})
