import {quoted} from '../core/printable.ts'
import type {Database} from '../plan/hook-policy.ts'

/** Parameters of the Go driver that change nothing for a session that runs two statements. */
const IGNORED = [
  'allowAllFiles',
  'allowCleartextPasswords',
  'allowFallbackToPlaintext',
  'allowNativePasswords',
  'allowOldPasswords',
  'charset',
  'checkConnLiveness',
  'clientFoundRows',
  'collation',
  'columnsWithAlias',
  'connectionAttributes',
  'interpolateParams',
  'loc',
  'maxAllowedPacket',
  'multiStatements',
  'parseTime',
  'readTimeout',
  'rejectReadOnly',
  'timeout',
  'writeTimeout',
]

/**
 * Reads how the Go driver names a MySQL database: `user:password@tcp(host:port)/db?tls=skip-verify`,
 * `root@unix(/run/mysqld/mysqld.sock)/`. All but the slash may be missing; the defaults are tcp, 127.0.0.1 and 3306.
 * Throws an `Error` that does not repeat the text: there is a password in it.
 */
export function parseMysqlDsn(dsn: string): Database {
  const slash = dsn.lastIndexOf('/')
  if (slash === -1) throw new Error('bad dsn: the slash before the name of the database is missing')
  const [name = '', query = ''] = dsn.slice(slash + 1).split('?', 2)
  const at = dsn.lastIndexOf('@', slash)
  const [user, password] = split(dsn.slice(0, Math.max(0, at)), ':')
  return {
    address: addressOf(dsn.slice(at + 1, slash)),
    user: user === '' ? undefined : user,
    password,
    name: name === '' ? undefined : decodeURIComponent(name),
    tls: tlsOf(query),
    tlsFiles: {ca: undefined, cert: undefined, key: undefined},
  }
}

function split(text: string, separator: string): readonly [string, string | undefined] {
  const index = text.indexOf(separator)
  return index === -1 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)]
}

function addressOf(text: string): Database['address'] {
  const [, protocol = '', address] = /^([a-z0-9]*)(?:\((.*)\))?$/s.exec(text) ?? []
  if (protocol === 'unix') return {socket: address ?? '/tmp/mysql.sock'}
  if ((protocol !== 'tcp' && protocol !== '') || (protocol === '' && text !== '')) {
    throw new Error('bad dsn: the address is tcp(host:port) or unix(/path)')
  }
  const [, bracketed, bare, port] =
    /^(?:\[([^\]]+)\]|([^:[\]]+))?(?::([0-9]{1,5}))?$/.exec(address ?? '') ?? []
  if (address !== undefined && address !== '' && bracketed === undefined && bare === undefined) {
    throw new Error('bad dsn: the address is tcp(host:port) or unix(/path)')
  }
  return {host: bracketed ?? bare ?? '127.0.0.1', port: Number(port ?? 3306)}
}

function tlsOf(query: string): Database['tls'] {
  let tls: Database['tls'] = 'off'
  for (const [key, value] of new URLSearchParams(query)) {
    if (key === 'tls') tls = modeOf(value)
    else if (!IGNORED.includes(key)) throw new Error(`bad dsn: ${quoted(key)} is not known`)
  }
  return tls
}

function modeOf(value: string): Database['tls'] {
  if (/^(false|0|f)$/i.test(value)) return 'off'
  if (/^(true|1|t)$/i.test(value)) return 'full'
  if (value.toLowerCase() === 'skip-verify') return 'unverified'
  throw new Error('bad dsn: tls is one of true, false, skip-verify')
}
