import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {installServers, type Server, startMariadb, startPostgres} from './database/servers.ts'
import {missingPackages} from './packages.ts'

/** The hooks in an executable as it is shipped, against the servers of Debian. */
const build = mkdtempSync(join(tmpdir(), 'zrepl-hooks-'))
const executable = join(build, 'harness')

const why = missingPackages()
if (why !== undefined) console.error(`not tested against real databases: ${why}`)

beforeAll(async () => {
  if (why !== undefined) return
  const harness = join(import.meta.dirname, 'database', 'harness.ts')
  await execa(process.execPath, ['build', '--compile', '--outfile', executable, harness])
  await installServers()
}, 170_000)

afterAll(() => rmSync(build, {recursive: true, force: true}))

/** What Bun's client would take its defaults from. */
const HOSTILE_ENVIRONMENT = {
  PATH: '/usr/bin:/bin',
  DATABASE_URL: 'postgres://evil:evil@evil/evil?sslmode=verify-full',
  MYSQL_URL: 'mysql://evil:evil@evil/evil',
  TLS_DATABASE_URL: 'postgres://evil:evil@evil/evil',
  PGHOST: '/evil',
  PGUSER: 'evil',
  PGPASSWORD: 'evil',
  PGDATABASE: 'evil',
  MYSQL_HOST: 'evil',
  MYSQL_USER: 'evil',
  MYSQL_PASSWORD: 'evil',
  MYSQL_DATABASE: 'evil',
}

/** A hook in a process of its own, which can be killed. */
function startHook(type: string, dsn: string, timeoutMs = 10_000) {
  const child = Bun.spawn([executable, type, dsn, String(timeoutMs)], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
    env: HOSTILE_ENVIRONMENT,
  })
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  const ask = async (edge: 'before' | 'after') => {
    await child.stdin.write(`${edge}\n`)
    await child.stdin.flush()
    let answer = ''
    while (!answer.endsWith('\n')) answer += (await reader.read()).value ?? '\n'
    return answer.trim()
  }
  return {
    before: () => ask('before'),
    after: () => ask('after'),
    async end(signal?: 'SIGKILL') {
      if (signal === undefined) await child.stdin.end()
      else child.kill(signal)
      await child.exited
    },
  }
}

async function onceBefore(type: string, dsn: string, timeoutMs?: number): Promise<string> {
  const hook = startHook(type, dsn, timeoutMs)
  try {
    return await hook.before()
  } finally {
    await hook.end()
  }
}

/** Asks until there is something: the server tells nobody. */
async function untilThere(ask: () => Promise<string>): Promise<string> {
  for (;;) {
    const answer = await ask()
    if (answer !== '') return answer
  }
}

describe.skipIf(why !== undefined)('postgres-checkpoint', () => {
  let server: Server
  const checkpoint = (dsn: string) => onceBefore('postgres-checkpoint', dsn)
  const position = () => server.query('SELECT redo_lsn FROM pg_control_checkpoint()')

  beforeAll(async () => {
    server = await startPostgres()
    await server.query(
      "CREATE ROLE secret SUPERUSER LOGIN PASSWORD 'it''s a se\\cret'",
      "CREATE ROLE weak LOGIN PASSWORD 'weak'",
      'CREATE TABLE t (n int)',
    )
  }, 60_000)
  afterAll(async () => await server?.stop())

  const SECRET = "user=secret dbname=postgres password='it\\'s a se\\\\cret'"

  test.each<[string, () => string]>([
    ['by its socket', () => `host=${server.socket} port=${server.port} user=postgres`],
    ['with a password and TLS', () => `host=127.0.0.1 port=${server.port} ${SECRET}`],
    [
      'by a URL',
      () => `postgres://secret:it%27s%20a%20se%5Ccret@localhost:${server.port}/postgres?sslmode=require`,
    ],
    [
      'checking the certificate',
      () =>
        `host=127.0.0.1 port=${server.port} ${SECRET} sslmode=verify-ca sslrootcert=${server.dir}/server.pem`,
    ],
    [
      'checking the certificate and the name',
      () =>
        `host=localhost port=${server.port} ${SECRET} sslmode=verify-full sslrootcert=${server.dir}/server.pem`,
    ],
  ])('a checkpoint is written %s', async (_, dsn) => {
    await server.query('INSERT INTO t VALUES (1)')
    const before = await position()
    expect(await checkpoint(dsn())).toBe('ok')
    expect(await position()).not.toBe(before)
  })

  test.each<[string, () => string, RegExp]>([
    [
      'a wrong password',
      () => `host=127.0.0.1 port=${server.port} user=secret password=x`,
      /password authentication failed/,
    ],
    [
      'no TLS where it must be',
      () => `host=127.0.0.1 port=${server.port} ${SECRET} sslmode=disable`,
      /pg_hba/,
    ],
    [
      'a certificate nobody vouches for',
      () => `host=localhost port=${server.port} ${SECRET} sslmode=verify-full`,
      /certificate|self.signed/i,
    ],
    [
      'a certificate of another host',
      () =>
        `host=127.0.0.1 port=${server.port} ${SECRET} sslmode=verify-full sslrootcert=${server.dir}/server.pem`,
      /certificate|altname|hostname|identity/i,
    ],
    [
      'a certificate authority that is not there',
      () => `host=localhost port=${server.port} ${SECRET} sslmode=verify-ca sslrootcert=/nowhere.pem`,
      /nowhere/,
    ],
    [
      'a user who may not',
      () => `host=localhost port=${server.port} user=weak password=weak dbname=postgres`,
      /must be superuser|permission denied|CHECKPOINT/,
    ],
    ['no server', () => 'host=127.0.0.1 port=1 user=postgres', /connect/i],
    ['no socket', () => 'host=/nowhere user=postgres', /nowhere/],
  ])('%s is a failure that says so', async (_, dsn, message) => {
    const before = await position()
    const answer = await checkpoint(dsn())
    expect(answer).toMatch(/^hook-failed postgres-checkpoint: /)
    expect(answer).toMatch(message)
    expect(answer).not.toContain('se\\cret')
    expect(await position()).toBe(before)
  })

  test('a server that does not answer is given up', async () => {
    const silent = Bun.listen({hostname: '127.0.0.1', port: 0, socket: {data() {}}})
    const answer = await onceBefore(
      'postgres-checkpoint',
      `host=127.0.0.1 port=${silent.port} user=postgres sslmode=disable`,
      200,
    )
    silent.stop(true)
    expect(answer).toMatch(/^(23|TimeoutError)/)
  })
})

describe.skipIf(why !== undefined)('mysql-lock-tables', () => {
  let server: Server
  const root = () => `root@unix(${server.socket})/`
  /** Whether another session can write now. */
  const canWrite = () =>
    server.query('SET SESSION lock_wait_timeout = 1', 'INSERT INTO app.t VALUES (1)').then(
      () => true,
      (error: Error) => {
        expect(String(error)).toMatch(/Lock wait timeout/)
        return false
      },
    )

  /** The numbers of sessions that are busy with a statement that begins like this. */
  const sessions = (statement: string) =>
    server.query(`SELECT id FROM information_schema.processlist WHERE info LIKE '${statement}%'`)

  beforeAll(async () => {
    server = await startMariadb()
    await server.query(
      'CREATE DATABASE app',
      'CREATE TABLE app.t (n int)',
      "CREATE USER 'backup'@'127.0.0.1' IDENTIFIED BY 'p@ss:w/rd'",
      "GRANT RELOAD ON *.* TO 'backup'@'127.0.0.1'",
      "CREATE USER 'weak'@'127.0.0.1' IDENTIFIED BY 'weak'",
    )
  }, 60_000)
  afterAll(async () => await server?.stop())

  test.each<[string, () => string]>([
    ['by its socket', root],
    ['with a password', () => `backup:p@ss:w/rd@tcp(127.0.0.1:${server.port})/?parseTime=true`],
  ])('nobody writes while it is held, everybody afterwards, %s', async (_, dsn) => {
    const hook = startHook('mysql-lock-tables', dsn())
    expect(await canWrite()).toBe(true)
    expect(await hook.before()).toBe('ok')
    expect(await canWrite()).toBe(false)
    expect(await hook.after()).toBe('ok')
    expect(await canWrite()).toBe(true)
    await hook.end()
  })

  test('two can hold it at once', async () => {
    const [a, b] = [startHook('mysql-lock-tables', root()), startHook('mysql-lock-tables', root())]
    expect([await a.before(), await b.before()]).toEqual(['ok', 'ok'])
    await a.after()
    expect(await canWrite()).toBe(false)
    await b.after()
    expect(await canWrite()).toBe(true)
    await Promise.all([a.end(), b.end()])
  })

  test('it is gone when its holder is killed', async () => {
    const hook = startHook('mysql-lock-tables', root())
    expect(await hook.before()).toBe('ok')
    await hook.end('SIGKILL')
    expect(await canWrite()).toBe(true)
  })

  test('it is not waited for any longer than it may take, and nothing is left waiting', async () => {
    const writing = server.query('LOCK TABLES app.t WRITE', 'DO SLEEP(600)').catch(() => 'killed')
    const sleeper = await untilThere(() => sessions('DO SLEEP'))
    const answer = await onceBefore('mysql-lock-tables', root(), 1500)
    expect(answer).toMatch(/^(hook-failed mysql-lock-tables: Lock wait timeout|23|TimeoutError)/)
    expect(await sessions('FLUSH')).toBe('')
    await server.query(`KILL ${sleeper}`)
    expect(await writing).toBe('killed')
    expect(await canWrite()).toBe(true)
  })

  test.each<[string, () => string, RegExp]>([
    ['a wrong password', () => `backup:x@tcp(127.0.0.1:${server.port})/`, /Access denied/],
    ['a user who may not', () => `weak:weak@tcp(127.0.0.1:${server.port})/`, /Access denied|RELOAD/],
    ['a database that is not there', () => `root@unix(${server.socket})/nowhere`, /Unknown database/],
    ['no server', () => 'root@tcp(127.0.0.1:1)/', /connect/i],
    ['no socket', () => 'root@unix(/nowhere)/', /nowhere/],
  ])('%s is a failure that says so', async (_, dsn, message) => {
    const answer = await onceBefore('mysql-lock-tables', dsn())
    expect(answer).toMatch(/^hook-failed mysql-lock-tables: /)
    expect(answer).toMatch(message)
    expect(await canWrite()).toBe(true)
  })
})
