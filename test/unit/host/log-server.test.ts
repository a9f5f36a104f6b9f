import {execFileSync} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {createServer as createTlsServer, type TlsOptions} from 'node:tls'
import {expect, test} from 'vitest'
import type {HearsOfLoss} from '../../../src/lib/core/log-sink.ts'
import {createLogServer, type LogServerOptions} from '../../../src/lib/host/log-server.ts'
import {temporaryDirectory} from './helpers.ts'

type Loss = Parameters<HearsOfLoss>[0]

/** A log server on this machine, with `tls` one that wants certificates. */
async function listen({port = 0, tls}: {readonly port?: number; readonly tls?: TlsOptions} = {}) {
  const sockets: Socket[] = []
  let text = ''
  const accept = (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      text += data
    })
  }
  const server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    received: () => text,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function sendTo(port: number, options: Partial<LogServerOptions> = {}) {
  const told: Loss[] = []
  const target = {host: '127.0.0.1', port, family: 0, tls: undefined, retryMs: 10, ...options} as const
  const sink = createLogServer(target, (loss) => told.push(loss))
  return {told, sink}
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 1))
}

test('each line is sent with a line end, and all of them before the end', async () => {
  await using server = await listen()
  const {sink, told} = sendTo(server.port)
  const lines = Array.from({length: 1000}, (_, index) => `line ${index}`)
  for (const line of lines) sink.write(line, 'warn')
  await sink.close()
  await until(() => server.received().length >= lines.join('\n').length + 1)
  expect(server.received()).toBe(`${lines.join('\n')}\n`)
  expect(told).toEqual([])
})

test('a server that reads nothing holds nobody up: what it does not take is dropped, and told', async () => {
  await using server = await listen()
  const {sink, told} = sendTo(server.port)
  await until(() => server.sockets.length === 1)
  server.sockets[0]?.pause()
  const line = 'x'.repeat(99_999)
  for (let index = 0; index < 200; index += 1) sink.write(line, 'warn')
  await sink.close()
  expect(told).toEqual([
    {because: `the server at '127.0.0.1:${server.port}': it does not take lines as fast as they come`},
    {lines: expect.any(Number)},
  ])
})

test('what waits for a server that is not there goes to it when it has come', async () => {
  const {port} = await (async () => {
    await using server = await listen()
    return server
  })()
  const {sink, told} = sendTo(port)
  sink.write('early', 'warn')
  await until(() => told.length > 0)
  expect(told).toEqual([{because: `the server at '127.0.0.1:${port}': ECONNREFUSED`}])
  await using server = await listen({port})
  await until(() => server.received() === 'early\n')
  await sink.close()
  expect(told).toHaveLength(1)
})

test('a server that never comes costs a moment at the end, and what was lost is told', async () => {
  const {port} = await (async () => {
    await using server = await listen()
    return server
  })()
  const {sink, told} = sendTo(port, {retryMs: 3_600_000})
  sink.write('a', 'warn')
  sink.write('b', 'warn')
  await until(() => told.length > 0)
  await sink.close()
  expect(told).toEqual([{because: expect.stringContaining('ECONNREFUSED')}, {lines: 2}])
})

test('TLS with certificates on both sides; a server that another authority vouches for gets nothing', async () => {
  using directory = temporaryDirectory()
  const files = (name: string) => ({
    cert: `${directory.path}/${name}.crt`,
    key: `${directory.path}/${name}.key`,
  })
  for (const name of ['ours', 'theirs', 'other']) {
    const {cert, key} = files(name)
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
        ],
        ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
      ],
      {stdio: 'ignore'},
    )
  }
  const pem = (path: string) => readFileSync(path, 'utf8')
  const theirs = files('theirs')
  await using server = await listen({
    tls: {cert: pem(theirs.cert), key: pem(theirs.key), ca: pem(files('ours').cert), requestCert: true},
  })
  const good = sendTo(server.port, {tls: {...files('ours'), ca: theirs.cert}})
  good.sink.write('secret', 'warn')
  await until(() => server.received() === 'secret\n')
  await good.sink.close()
  expect(good.told).toEqual([])

  const bad = sendTo(server.port, {tls: {...files('ours'), ca: files('other').cert}, retryMs: 3_600_000})
  bad.sink.write('lost', 'warn')
  await until(() => bad.told.length > 0)
  await bad.sink.close()
  expect(bad.told.at(-1)).toEqual({lines: 1})
  expect(server.received()).toBe('secret\n')

  const none = sendTo(server.port, {tls: {...files('nobody'), ca: theirs.cert}})
  expect(none.told).toEqual([{because: expect.stringContaining('ENOENT')}])
  await none.sink.close()
})
