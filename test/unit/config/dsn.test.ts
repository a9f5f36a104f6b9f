import {describe, expect, test} from 'vitest'
import {parseMysqlDsn} from '../../../src/lib/config/mysql-dsn.ts'
import {parsePostgresDsn} from '../../../src/lib/config/postgres-dsn.ts'

const NO_FILES = {ca: undefined, cert: undefined, key: undefined}

describe('PostgreSQL, as lib/pq reads it', () => {
  const LOCAL = {
    address: {host: 'localhost', port: 5432},
    user: undefined,
    password: undefined,
    name: undefined,
    tls: 'unverified',
    tlsFiles: NO_FILES,
  }
  test.each<[string, object]>([
    ['host=localhost', LOCAL],
    ['user=backup', {...LOCAL, user: 'backup'}],
    [
      'host=10.0.0.1 port=5433 user=postgres password=geheim dbname=app sslmode=disable',
      {
        ...LOCAL,
        address: {host: '10.0.0.1', port: 5433},
        user: 'postgres',
        password: 'geheim',
        name: 'app',
        tls: 'off',
      },
    ],
    ["host = localhost  password='it\\'s a \\\\ secret' ", {...LOCAL, password: "it's a \\ secret"}],
    ['password=a\\ b', {...LOCAL, password: 'a b'}],
    ["password=''", {...LOCAL, password: ''}],
    ['host=/run/postgresql', {...LOCAL, address: {socket: '/run/postgresql/.s.PGSQL.5432'}, tls: 'off'}],
    ['sslmode=verify-full', {...LOCAL, tls: 'full'}],
    ['sslmode=verify-ca', {...LOCAL, tls: 'chain'}],
    ['sslrootcert=/ca.pem', {...LOCAL, tls: 'chain', tlsFiles: {...NO_FILES, ca: '/ca.pem'}}],
    ['user=a connect_timeout=10 application_name=zrepl', {...LOCAL, user: 'a'}],
    ['postgres://localhost', LOCAL],
    [
      'postgresql://me:p%40ss@db.example.net:5433/app?sslmode=verify-full',
      {
        ...LOCAL,
        address: {host: 'db.example.net', port: 5433},
        user: 'me',
        password: 'p@ss',
        name: 'app',
        tls: 'full',
      },
    ],
    ['postgres://me@[::1]/', {...LOCAL, address: {host: '::1', port: 5432}, user: 'me'}],
    [
      'postgres:///app?host=/tmp&user=me',
      {...LOCAL, address: {socket: '/tmp/.s.PGSQL.5432'}, user: 'me', name: 'app', tls: 'off'},
    ],
  ])('%s', (dsn, expected) => {
    expect(parsePostgresDsn(dsn)).toEqual(expected)
  })

  test.each([
    ['', 'words like'],
    ['localhost', 'words like'],
    ['host=a b', 'words like'],
    ["password='geheim", 'words like'],
    ['port=0', 'the port'],
    ['port=65536', 'the port'],
    ['port=x', 'the port'],
    ['sslmode=prefer', 'sslmode is one of'],
    ['hosst=geheim', "'hosst' is not known"],
    ['postgres://geheim:x', 'not a URL'],
  ])('%j is refused without being repeated', (dsn, message) => {
    const refused = () => parsePostgresDsn(dsn)
    expect(refused).toThrow(message)
    expect(refused).not.toThrow('geheim')
  })
})

describe('MySQL, as the Go driver reads it', () => {
  const LOCAL = {
    address: {host: '127.0.0.1', port: 3306},
    user: undefined,
    password: undefined,
    name: undefined,
    tls: 'off',
    tlsFiles: NO_FILES,
  }
  const unix = (socket: string) => ({...LOCAL, address: {socket}})
  test.each<[string, object]>([
    ['/', LOCAL],
    ['root@/', {...LOCAL, user: 'root'}],
    ['root@tcp/', {...LOCAL, user: 'root'}],
    ['root@tcp(localhost)/', {...LOCAL, user: 'root', address: {host: 'localhost', port: 3306}}],
    [
      'backup:p@ss:w/rd@tcp(db.example.net:3307)/app?tls=true&parseTime=true',
      {
        ...LOCAL,
        user: 'backup',
        password: 'p@ss:w/rd',
        address: {host: 'db.example.net', port: 3307},
        name: 'app',
        tls: 'full',
      },
    ],
    [
      'a:@tcp([fe80::1%25eth0]:80)/',
      {...LOCAL, user: 'a', password: '', address: {host: 'fe80::1%25eth0', port: 80}},
    ],
    ['tcp([::1])/', {...LOCAL, address: {host: '::1', port: 3306}}],
    ['root@unix(/run/mysqld/mysqld.sock)/', {...unix('/run/mysqld/mysqld.sock'), user: 'root'}],
    ['unix/', unix('/tmp/mysql.sock')],
    ['tcp(h)/?tls=skip-verify', {...LOCAL, address: {host: 'h', port: 3306}, tls: 'unverified'}],
    ['tcp(h)/?tls=false', {...LOCAL, address: {host: 'h', port: 3306}}],
  ])('%s', (dsn, expected) => {
    expect(parseMysqlDsn(dsn)).toEqual(expected)
  })

  test.each([
    ['', 'the slash'],
    ['root@tcp(localhost)', 'the slash'],
    ['geheim@localhost/', 'tcp(host:port) or unix(/path)'],
    ['root:geheim@udp(localhost)/', 'tcp(host:port) or unix(/path)'],
    ['tcp(a:b)/', 'tcp(host:port) or unix(/path)'],
    ['tcp(a:1:2)/', 'tcp(host:port) or unix(/path)'],
    ['tcp(h)/?tls=maybe', 'tls is one of'],
    ['tcp(h)/?sql_mode=geheim', "'sql_mode' is not known"],
  ])('%j is refused without being repeated', (dsn, message) => {
    const refused = () => parseMysqlDsn(dsn)
    expect(refused).toThrow(message)
    expect(refused).not.toThrow('geheim')
  })
})
