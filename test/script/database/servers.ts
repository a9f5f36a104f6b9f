import {chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {freePort} from '../free-port.ts'
import {installPackages} from '../packages.ts'

/** A database server of Debian's, started for a test in a directory of its own, as a user who may nothing else. */
export type Server = {
  /** On 127.0.0.1. */
  readonly port: number
  /** The socket of MariaDB; the directory of PostgreSQL's. */
  readonly socket: string
  /** The server's directory, readable by all. */
  readonly dir: string
  /** Runs statements by Debian's own client, as the administrator, and returns what they say. */
  query(...statements: readonly string[]): Promise<string>
  stop(): Promise<void>
}

/** Who the servers run as: `nobody` in Debian. */
const NOBODY = {uid: 65534, gid: 65534}

/** Installs what is not there. */
export async function installServers(): Promise<void> {
  const wanted = [
    ...(postgresDirectory() === undefined ? ['postgresql'] : []),
    ...(existsSync('/usr/sbin/mariadbd') ? [] : ['mariadb-server']),
    ...(existsSync('/usr/bin/openssl') ? [] : ['openssl']),
  ]
  await installPackages(wanted)
}

/** PostgreSQL with a certificate for `localhost` (`dir`/server.pem, its own authority), and passwords on TCP. */
export async function startPostgres(): Promise<Server> {
  const programs = postgresDirectory() ?? ''
  const dir = serverDirectory('postgres')
  const [data, port] = [join(dir, 'data'), await freePort()]
  await asNobody(join(programs, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-N')
  await asNobody(
    'openssl',
    ...'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost'.split(' '),
    '-addext',
    'subjectAltName=DNS:localhost',
    '-keyout',
    join(dir, 'server.key'),
    '-out',
    join(dir, 'server.pem'),
  )
  writeFileSync(
    join(data, 'pg_hba.conf'),
    `local all all trust\nhostssl all secret 127.0.0.1/32 scram-sha-256\nhost all secret 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 scram-sha-256\n`,
  )
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: dir,
    ssl: 'on',
    ssl_cert_file: join(dir, 'server.pem'),
    ssl_key_file: join(dir, 'server.key'),
    fsync: 'off',
  }
  const options = Object.entries(settings).map(([key, value]) => `-c ${key}=${value}`)
  const control = (...words: readonly string[]) => asNobody(join(programs, 'pg_ctl'), '-D', data, ...words)
  await control('-w', '-l', join(dir, 'log'), '-o', options.join(' '), 'start')
  return {
    port,
    socket: dir,
    dir,
    query: (...statements) =>
      asNobody(
        join(programs, 'psql'),
        '-h',
        dir,
        '-p',
        String(port),
        '-U',
        'postgres',
        '-d',
        'postgres',
        '-X',
        '-A',
        '-t',
        '-q',
        ...statements.flatMap((statement) => ['-c', statement]),
      ),
    stop: async () => {
      await control('-m', 'immediate', '-w', 'stop')
      rmSync(dir, {recursive: true})
    },
  }
}

/** MariaDB, where `root` needs no password on the socket. */
export async function startMariadb(): Promise<Server> {
  const dir = serverDirectory('mariadb')
  const [data, port, socket] = [join(dir, 'data'), await freePort(), join(dir, 'socket')]
  await asNobody(
    'mariadb-install-db',
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  )
  const server = execa(
    '/usr/sbin/mariadbd',
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${socket}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--pid-file=${join(dir, 'pid')}`,
      `--log-error=${join(dir, 'log')}`,
    ],
    {...NOBODY, cwd: dir, reject: false, stdio: 'ignore'},
  )
  const client = ['--no-defaults', `--socket=${socket}`, '-u', 'root']
  await asNobody('mariadb-admin', ...client, '--wait=30', '--connect-timeout=30', 'ping')
  return {
    port,
    socket,
    dir,
    query: (...statements) => asNobody('mariadb', ...client, '-N', '-B', '-e', statements.join('; ')),
    stop: async () => {
      server.kill('SIGTERM')
      await server
      rmSync(dir, {recursive: true})
    },
  }
}

function postgresDirectory(): string | undefined {
  const all = '/usr/lib/postgresql'
  const newest = existsSync(all) ? readdirSync(all).toSorted().at(-1) : undefined
  const programs = newest === undefined ? undefined : join(all, newest, 'bin')
  return programs !== undefined && existsSync(join(programs, 'initdb')) ? programs : undefined
}

function serverDirectory(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `zrepl-${name}-`))
  mkdirSync(join(dir, 'home'))
  for (const path of [dir, join(dir, 'home')]) chownSync(path, NOBODY.uid, NOBODY.gid)
  return dir
}

async function asNobody(program: string, ...words: readonly string[]): Promise<string> {
  const {stdout} = await execa(program, words, {...NOBODY, cwd: '/', stdin: 'ignore'})
  return stdout
}
