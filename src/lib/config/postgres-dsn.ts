import {quoted} from '../core/printable.ts'
import type {Database} from '../plan/hook-policy.ts'

/** What may stand in a DSN and matters to a session that runs one statement; the rest would change nothing. */
const KNOWN = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
] as const
const IGNORED = [
  'connect_timeout',
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'datestyle',
  'timezone',
  'search_path',
]

type Parameters = Readonly<Partial<Record<(typeof KNOWN)[number], string>>>

/**
 * Reads how lib/pq names a PostgreSQL database: `host=/run/postgresql user=backup dbname=postgres`, values with spaces in
 * single quotes, or `postgres://user:password@host:port/db?sslmode=disable`.
 * Defaults are those of lib/pq: `localhost`, port 5432, `sslmode=require`, which encrypts without knowing to whom; over
 * a socket nothing is encrypted.
 * Throws an `Error` that does not repeat the text: there is a password in it.
 */
export function parsePostgresDsn(dsn: string): Database {
  const parameters = /^postgres(?:ql)?:\/\//.test(dsn) ? fromUrl(dsn) : fromWords(dsn)
  const host = parameters.host ?? 'localhost'
  const port = portOf(parameters.port ?? '5432')
  const isSocket = host.startsWith('/')
  return {
    address: isSocket ? {socket: `${host}/.s.PGSQL.${port}`} : {host, port},
    user: parameters.user,
    password: parameters.password,
    name: parameters.dbname,
    tls: isSocket ? 'off' : tlsOf(parameters),
    tlsFiles: {ca: parameters.sslrootcert, cert: parameters.sslcert, key: parameters.sslkey},
  }
}

function fromUrl(dsn: string): Parameters {
  if (!URL.canParse(dsn)) throw new Error('bad dsn: it is not a URL')
  const url = new URL(dsn)
  const parts: readonly (readonly [string, string])[] = [
    ['host', url.hostname.replace(/^\[(.*)\]$/, '$1')],
    ['port', url.port],
    ['user', decodeURIComponent(url.username)],
    ['password', decodeURIComponent(url.password)],
    ['dbname', decodeURIComponent(url.pathname.replace(/^\//, ''))],
  ]
  return checked([...parts.filter(([, value]) => value !== ''), ...Array.from(url.searchParams)])
}

/** `key=value key = 'a value'`: a backslash takes the next character as it is. */
function fromWords(dsn: string): Parameters {
  const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/sy
  const pairs: [string, string][] = []
  let read = 0
  for (let match = pair.exec(dsn); match !== null; match = pair.exec(dsn)) {
    const [all, key = '', inQuotes, bare] = match
    pairs.push([key, (inQuotes ?? bare ?? '').replace(/\\(.)/gs, '$1')])
    read += all.length
  }
  if (dsn.slice(read).trim() !== '' || pairs.length === 0) {
    throw new Error('bad dsn: it must be words like host=localhost user=postgres, or postgres://…')
  }
  return checked(pairs)
}

function checked(pairs: readonly (readonly [string, string])[]): Parameters {
  const parameters: Partial<Record<(typeof KNOWN)[number], string>> = {}
  for (const [key, value] of pairs) {
    const known = KNOWN.find((name) => name === key)
    if (known !== undefined) parameters[known] = value
    else if (!IGNORED.includes(key)) throw new Error(`bad dsn: ${quoted(key)} is not known`)
  }
  return parameters
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^[0-9]{1,5}$/.test(text) && port > 0 && port < 65536) return port
  throw new Error('bad dsn: the port must be a number up to 65535')
}

function tlsOf({sslmode = 'require', sslrootcert}: Parameters): Database['tls'] {
  switch (sslmode) {
    case 'disable':
      return 'off'
    case 'require':
      // With a certificate authority at hand it is asked, as libpq does it.
      return sslrootcert === undefined ? 'unverified' : 'chain'
    case 'verify-ca':
      return 'chain'
    case 'verify-full':
      return 'full'
    default:
      throw new Error('bad dsn: sslmode is one of disable, require, verify-ca, verify-full')
  }
}
