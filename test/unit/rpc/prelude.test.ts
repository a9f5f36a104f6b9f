import {expect, test} from 'vitest'
import {greetAsClient, greetAsServer} from '../../../src/lib/rpc/prelude.ts'
import {bytes, createConnection, NEVER} from './pipes.ts'

const HELLO = 'SSHCON_HELO'.padEnd(31, '\0')
const handshake = (version: string, ...extensions: string[]) => {
  const count = String(extensions.length).padStart(4, '0')
  const text = `ZREPL_ZFS_REPLICATION PROTOVERSION=${version} EXTENSIONS=${count}\n${extensions.map((line) => `${line}\n`).join('')}`
  return `${String(text.length).padStart(10, '0')} ${text}`
}

test('both sides of ours greet each other', async () => {
  const {client, server} = createConnection()
  await Promise.all([
    greetAsClient(client.reader, client.writer, NEVER),
    greetAsServer(server.reader, server.writer, NEVER),
  ])
  await client.writer.write(bytes('next'), NEVER)
  expect(await server.reader.read(4, NEVER)).toEqual(bytes('next'))
})

test('the first bytes are those of zrepl', async () => {
  const {client, server} = createConnection()
  const greeting = greetAsServer(server.reader, server.writer, NEVER)
  const expected = HELLO + handshake('0007', 'lanes=1')
  expect(await client.reader.read(expected.length, NEVER)).toEqual(bytes(expected))
  await client.writer.write(
    bytes('SSHCON_BEGIN'.padEnd(31, '\0') + handshake('0007', 'lanes=1', 'later=2')),
    NEVER,
  )
  await greeting
})

test('a greeting of the login shell before the banner is skipped', async () => {
  const {client, server} = createConnection()
  await server.writer.write(
    bytes(`Welcome to backup!\nLast login: never\n${HELLO}${handshake('0007', 'lanes=1')}`),
    NEVER,
  )
  await greetAsClient(client.reader, client.writer, NEVER)
})

test.each([
  // Byte for byte what zrepl 0.6 writes.
  [
    'a Go zrepl',
    `${HELLO}0000000056 ZREPL_ZFS_REPLICATION PROTOVERSION=0007 EXTENSIONS=0000\n`,
    'peer-protocol',
    'the peer is a Go zrepl: it speaks protocol version 7 but not lanes',
  ],
  [
    'another zrepl of ours',
    HELLO + handshake('0007', 'lanes=2'),
    'peer-protocol',
    "the peer speaks other lanes than we do: ours are 'lanes=1', theirs 'lanes=2'",
  ],
  ['an older protocol', HELLO + handshake('0006', 'lanes=1'), 'peer-protocol', 'ours is 7, theirs is 6'],
  ['a newer protocol', HELLO + handshake('9999', 'lanes=1'), 'peer-protocol', 'ours is 7, theirs is 9999'],
  [
    'a daemon proxy without its daemon',
    'SSHCON_PROXY_ERROR'.padEnd(31, '\0'),
    'peer-refused',
    'daemon does not answer',
  ],
  ['a shell that goes on talking', 'x'.repeat(5000), 'peer-protocol', 'did not greet as zrepl'],
  ['terminal escapes', `\x1b]0;owned\x07${' '.repeat(40)}`, 'peer-protocol', '\\x1b]0;owned\\x07'],
  ['a length that is none', `${HELLO}000000004x `, 'peer-protocol', 'did not greet'],
  ['a handshake too long', `${HELLO}0000099999 `, 'peer-protocol', 'did not greet'],
  [
    'fewer extensions than announced',
    `${HELLO}0000000056 ZREPL_ZFS_REPLICATION PROTOVERSION=0007 EXTENSIONS=0003\n`,
    'peer-protocol',
    'did not greet',
  ],
])('%s is recognised', async (_, said, code, words) => {
  const {client, server} = createConnection()
  await server.writer.write(bytes(said), NEVER)
  await expect(greetAsClient(client.reader, client.writer, NEVER)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words),
  })
})

test('a peer that closes at once is unreachable, and worth another try', async () => {
  const {client, server} = createConnection()
  server.hangUp()
  await expect(greetAsClient(client.reader, client.writer, NEVER)).rejects.toMatchObject({
    code: 'peer-unreachable',
    retryable: true,
  })
})

test.each([
  [
    'a Go zrepl',
    // Byte for byte what zrepl 0.6 writes, up to the label of its control connection.
    `${'SSHCON_BEGIN'.padEnd(31, '\0')}0000000056 ZREPL_ZFS_REPLICATION PROTOVERSION=0007 EXTENSIONS=0000\n${'zrepl_control'.padEnd(64, '\0')}`,
    'the peer is a Go zrepl: it speaks protocol version 7 but not lanes',
  ],
  [
    'another zrepl of ours',
    'SSHCON_BEGIN'.padEnd(31, '\0') + handshake('0007', 'zstd=1', 'lanes=2'),
    "the peer speaks other lanes than we do: ours are 'lanes=1', theirs 'lanes=2'",
  ],
])('%s is recognised as a client', async (_, said, words) => {
  const {client, server} = createConnection()
  await client.writer.write(bytes(said), NEVER)
  await expect(greetAsServer(server.reader, server.writer, NEVER)).rejects.toMatchObject({
    code: 'peer-protocol',
    message: words,
  })
})

test('a client that begins with something else is refused', async () => {
  const {client, server} = createConnection()
  await client.writer.write(bytes('GET / HTTP/1.1\r\nHost: example\r\n\r\n'), NEVER)
  await expect(greetAsServer(server.reader, server.writer, NEVER)).rejects.toMatchObject({
    code: 'peer-protocol',
  })
})
