import {expect, test} from 'vitest'
import type {JobId} from '../../../src/lib/abstraction/job-id.ts'
import {besideServing} from '../../../src/lib/app/beside-serving.ts'
import type {RunContext} from '../../../src/lib/core/context.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {LaneConnection} from '../../../src/lib/core/lane.ts'
import type {LocalReceiver} from '../../../src/lib/endpoint/receiver.ts'
import type {LocalSender} from '../../../src/lib/endpoint/sender.ts'
import {byteReader, byteWriter} from '../../../src/lib/host/pipe.ts'
import {createLanes} from '../../../src/lib/rpc/lanes.ts'
import {greetAsServer} from '../../../src/lib/rpc/prelude.ts'
import {
  createPullTransfer,
  createPushTransfer,
  createRemoteReceiver,
  createRemoteSender,
} from '../../../src/lib/rpc/remote.ts'
import {type Served, serve} from '../../../src/lib/rpc/serve.ts'
import type {LogLine} from '../../../src/lib/trace/log-line.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {numberOf} from '../../any-stream.ts'
import {createTestContext} from '../test-context.ts'
import {bytes, createConnection, NEVER} from './pipes.ts'

const ctx = createTestContext()
const filesystem = parseDatasetName('tank/a')
const guid = parseGuid('7')
const sendRequest = {filesystem, from: undefined, to: guid, resumeToken: undefined}
const receiveRequest = {
  filesystem,
  type: 'filesystem' as const,
  raw: false,
  from: undefined,
  to: {name: 's', guid},
  protection: 'guarantee_resumability' as const,
  resuming: false,
  confirm: 'now' as const,
}

const EMPTY_VIEW = {
  jobId: 'j' as JobId,
  missing: [],
  clockMs: 0,
  maxStreams: 100,
  compressions: [],
  filesystems: [],
}

/** A sender whose stream is `text`, which breaks off with an error if `failure` is given. */
function senderOf(text: string, failure?: OperationalError): LocalSender {
  return {
    observe: async () => EMPTY_VIEW,
    estimate: async () => [],
    protect: async () => [],
    complete: async () => [],
    estimateDestroy: async () => [],
    destroySnapshots: async () => [],
    written: async () => new Map(),
    takeSnapshots: async () => [],
    prepareSend: async () => async (ctx, sink) => {
      await byteWriter(numberOf(sink)).write(bytes(text), ctx.signal)
      if (failure !== undefined) throw failure
    },
  }
}

/** A receiver that takes exactly `length` bytes, and keeps what it got. */
function receiverOf(length: number, failure?: OperationalError) {
  const got: string[] = []
  const receiver: LocalReceiver = {
    observe: async () => EMPTY_VIEW,
    abortPartial: async () => [],
    setAside: async () => [],
    holdLastReceived: async () => [],
    estimateDestroy: async () => [],
    destroySnapshots: async () => [],
    receive: async (ctx, _request, source) => {
      if (failure !== undefined) throw failure
      const text = await byteReader(numberOf(source)).read(length, ctx.signal)
      got.push(new TextDecoder().decode(text))
      return {arrived: 1, warnings: ['a word']}
    },
  }
  return {receiver, got}
}

async function greetAndServe(
  served: Served,
  {reader, writer}: ReturnType<typeof createConnection>['server'],
  tell: (line: string) => void,
) {
  await greetAsServer(reader, writer, ctx.signal)
  await serve(ctx, served, reader, writer, besideServing(reader, tell))
}

/** Lanes to a server in this process; counts how many connections were opened. */
function lanesTo(served: Served, run: RunContext = ctx, complaint = '') {
  let opened = 0
  const ended: Promise<unknown>[] = []
  const open = async (_ctx: RunContext): Promise<LaneConnection> => {
    opened += 1
    const {client, server} = createConnection()
    let listener: (told: Record<string, unknown>) => void = () => {}
    const serving = greetAndServe(served, server, (line) => listener(JSON.parse(line))).catch(
      (error: unknown) => error,
    )
    const gone = serving.then(() => {
      server.hangUp()
      return {exitCode: 0}
    })
    ended.push(serving)
    return {
      reader: client.reader,
      writer: client.writer,
      peer: 'test',
      carrier: undefined,
      greeted: () => {},
      onTold: (told) => {
        listener = told
      },
      hasUnread: () => client.reader.hasUnread(),
      complaint: () => complaint,
      hangUp: () => client.hangUp(),
      close: async () => {
        client.hangUp()
        await gone
      },
      burn: () => client.hangUp(),
      gone,
    }
  }
  return {lanes: createLanes(run, open, 1), opened: () => opened, ended}
}

test('push: streams and requests follow each other on one connection', async () => {
  const {receiver, got} = receiverOf(6)
  const {lanes, opened} = lanesTo({kind: 'receiver', receiver})
  const transfer = createPushTransfer(lanes, senderOf('stream'))
  expect(await createRemoteReceiver(lanes).observe(ctx)).toEqual(EMPTY_VIEW)
  expect(await transfer(ctx, [sendRequest], [receiveRequest])).toEqual({arrived: 1, warnings: ['a word']})
  expect(await transfer(ctx, [sendRequest], [receiveRequest])).toEqual({arrived: 1, warnings: ['a word']})
  await lanes.close()
  expect(got).toEqual(['stream', 'stream'])
  expect(opened()).toBe(1)
})

test('pull: streams and requests follow each other on one connection', async () => {
  const {receiver, got} = receiverOf(6)
  const {lanes, opened} = lanesTo({kind: 'sender', sender: senderOf('stream')})
  const transfer = createPullTransfer(lanes, receiver)
  await transfer(ctx, [sendRequest], [receiveRequest])
  expect(await createRemoteSender(lanes).observe(ctx)).toEqual(EMPTY_VIEW)
  await transfer(ctx, [sendRequest], [receiveRequest])
  await lanes.close()
  expect(got).toEqual(['stream', 'stream'])
  expect(opened()).toBe(1)
})

test.each([
  [
    'receive-failed',
    'incomplete stream',
    {code: 'send-failed', message: 'test: no space left; incomplete stream'},
  ],
  ['peer-protocol', 'a flood on stderr', {code: 'peer-protocol', message: 'a flood on stderr'}],
] as const)(
  'pull: behind %s, the last words of the sender are a reason, or not',
  async (code, message, told) => {
    const {receiver} = receiverOf(0, new OperationalError(code, message))
    const sender = senderOf('stream', new OperationalError('send-failed', 'no space left'))
    const {lanes} = lanesTo({kind: 'sender', sender}, ctx, 'no space left')
    const transfer = createPullTransfer(lanes, receiver)
    await expect(transfer(ctx, [sendRequest], [receiveRequest])).rejects.toMatchObject(told)
    await lanes.close()
  },
)

test('push: the reason of a receiver that refuses is what is reported, and the next step gets a new connection', async () => {
  const {receiver} = receiverOf(0, new OperationalError('placeholder', 'no root', {hint: 'make one'}))
  const {lanes, opened} = lanesTo({kind: 'receiver', receiver})
  const transfer = createPushTransfer(lanes, senderOf('stream'))
  await expect(transfer(ctx, [sendRequest], [receiveRequest])).rejects.toMatchObject({
    code: 'placeholder',
    message: 'peer: no root',
    hint: 'make one',
  })
  await expect(transfer(ctx, [sendRequest], [receiveRequest])).rejects.toMatchObject({code: 'placeholder'})
  await lanes.close()
  expect(opened()).toBe(2)
})

test('an answer that is longer than the client would accept is an error, and the connection goes on', async () => {
  const {receiver} = receiverOf(0)
  const message = 'x'.repeat(2 * 1024 * 1024)
  const outcome = {kind: 'failed', failure: {kind: 'unknown', message}} as const
  const {lanes, opened} = lanesTo({
    kind: 'receiver',
    receiver: {...receiver, abortPartial: async () => [outcome]},
  })
  const remote = createRemoteReceiver(lanes)
  await expect(remote.abortPartial(ctx, [filesystem])).rejects.toMatchObject({
    code: 'peer-protocol',
    message: expect.stringMatching(/^peer: a response of 20972.. bytes is too long to send$/),
  })
  expect(await remote.observe(ctx)).toEqual(EMPTY_VIEW)
  await lanes.close()
  expect(opened()).toBe(1)
})

test('push: a sender that breaks off reports its own reason, and the receiver sees the cut', async () => {
  const {receiver} = receiverOf(100)
  const {lanes, ended} = lanesTo({kind: 'receiver', receiver})
  const transfer = createPushTransfer(
    lanes,
    senderOf('str', new OperationalError('send-failed', 'disk on fire')),
  )
  await expect(transfer(ctx, [sendRequest], [receiveRequest])).rejects.toMatchObject({
    code: 'send-failed',
    message: 'disk on fire',
  })
  await Promise.all(ended)
  await lanes.close()
})

/** Receives streams of six bytes; `failure` is met instead of the stream at this position. */
function receiverOfSeveral(failure?: {readonly at: number; readonly error: OperationalError}) {
  const got: string[] = []
  const receiver: LocalReceiver = {
    ...receiverOf(0).receiver,
    receive: async (ctx, requests, source, {began} = {}) => {
      for (const index of requests.keys()) {
        began?.(index)
        if (failure?.at === index) return {arrived: index, warnings: [], failure: failure.error}
        const text = await byteReader(numberOf(source)).read(6, ctx.signal)
        got.push(new TextDecoder().decode(text))
      }
      return {arrived: requests.length, warnings: []}
    },
  }
  return {receiver, got}
}

/** Sends streams of six bytes, each another one. */
const senderOfSeveral: LocalSender = {
  ...senderOf(''),
  prepareSend:
    async (_, requests) =>
    async (ctx, sink, {began} = {}) => {
      for (const index of requests.keys()) {
        began?.(index)
        await byteWriter(numberOf(sink)).write(bytes(`strea${index}`), ctx.signal)
      }
    },
}

const SEVERAL = [
  [sendRequest, sendRequest, sendRequest],
  [receiveRequest, receiveRequest, receiveRequest],
] as const

test.each(['push', 'pull'] as const)(
  '%s: the streams of one request follow each other, and the next request follows them',
  async (direction) => {
    const {receiver, got} = receiverOfSeveral()
    const served: Served =
      direction === 'push' ? {kind: 'receiver', receiver} : {kind: 'sender', sender: senderOfSeveral}
    const {lanes, opened} = lanesTo(served)
    const transfer =
      direction === 'push' ? createPushTransfer(lanes, senderOfSeveral) : createPullTransfer(lanes, receiver)
    const began: number[] = []
    expect(await transfer(ctx, ...SEVERAL, (index) => began.push(index))).toEqual({arrived: 3, warnings: []})
    expect(await createRemoteSender(lanes).observe(ctx)).toEqual(EMPTY_VIEW)
    await lanes.close()
    expect(got).toEqual(['strea0', 'strea1', 'strea2'])
    expect(began).toEqual([0, 1, 2])
    expect(opened()).toBe(1)
  },
)

test.each([
  ['push', 'peer: out of space'],
  ['pull', 'out of space'],
] as const)(
  '%s: a receiver that fails in the middle tells how many have arrived, and the connection is not used again',
  async (direction, message) => {
    const error = new OperationalError('receive-failed', 'out of space')
    const {receiver, got} = receiverOfSeveral({at: 1, error})
    const served: Served =
      direction === 'push' ? {kind: 'receiver', receiver} : {kind: 'sender', sender: senderOfSeveral}
    const {lanes, opened} = lanesTo(served)
    const transfer =
      direction === 'push' ? createPushTransfer(lanes, senderOfSeveral) : createPullTransfer(lanes, receiver)
    expect(await transfer(ctx, ...SEVERAL)).toMatchObject({
      arrived: 1,
      warnings: [],
      failure: {code: 'receive-failed', message},
    })
    expect(got).toEqual(['strea0'])
    expect(await createRemoteSender(lanes).observe(ctx)).toEqual(EMPTY_VIEW)
    expect(opened()).toBe(2)
    await lanes.close()
  },
)

test.each([
  [2, undefined],
  [4, undefined],
  [3, new OperationalError('receive-failed', 'no')],
] as const)(
  'push: a receiver of three streams that says %i have arrived is not believed',
  async (arrived, failure) => {
    const receiver: LocalReceiver = {
      ...receiverOf(0).receiver,
      receive: async (ctx, _requests, source) => {
        await byteReader(numberOf(source)).read(18, ctx.signal)
        return {arrived, warnings: [], ...(failure === undefined ? {} : {failure})}
      },
    }
    const {lanes} = lanesTo({kind: 'receiver', receiver})
    await expect(createPushTransfer(lanes, senderOfSeveral)(ctx, ...SEVERAL)).rejects.toMatchObject({
      code: 'peer-protocol',
    })
    await lanes.close()
  },
)

test('an ordinary error answer leaves the connection usable', async () => {
  const sender = {
    ...senderOf(''),
    protect: async () => Promise.reject(new OperationalError('zfs-failed', 'no')),
  }
  const {lanes, opened} = lanesTo({kind: 'sender', sender})
  const remote = createRemoteSender(lanes)
  await expect(remote.protect(ctx, [])).rejects.toMatchObject({code: 'zfs-failed', message: 'peer: no'})
  expect(await remote.observe(ctx)).toEqual(EMPTY_VIEW)
  await lanes.close()
  expect(opened()).toBe(1)
})

test.each([
  ['a sink', {kind: 'receiver', receiver: receiverOf(0).receiver} as Served, 'it receives'],
  [
    'a refused client',
    {kind: 'refused', error: new OperationalError('peer-refused', 'client identity unknown')} as Served,
    'client identity unknown',
  ],
])('%s answers what it does not do with a reason', async (_, served, words) => {
  const {lanes} = lanesTo(served)
  await expect(createRemoteSender(lanes).protect(ctx, [])).rejects.toMatchObject({
    code: 'peer-refused',
    message: expect.stringContaining(words),
  })
  await lanes.close()
})

test('a client that sends something that is not a frame ends the connection', async () => {
  const {client, server} = createConnection()
  const serving = greetAndServe({kind: 'sender', sender: senderOf('')}, server, () => {})
  const banner = 'SSHCON_BEGIN'.padEnd(31, '\0')
  const handshake = '0000000064 ZREPL_ZFS_REPLICATION PROTOVERSION=0007 EXTENSIONS=0001\nlanes=1\n'
  await client.writer.write(bytes(`${banner}${handshake}GET / HTTP/1.1\r\n`), NEVER)
  await expect(serving).rejects.toMatchObject({code: 'peer-protocol'})
})

test('what the far side does is a span below the request that caused it', async () => {
  const lines: LogLine[] = []
  const ctx = createTestContext(lines)
  const sender: LocalSender = {
    ...senderOf(''),
    observe: async (ctx) => {
      ctx.span.child('zfs list').end({exitCode: 0})
      return EMPTY_VIEW
    },
  }
  const {lanes} = lanesTo({kind: 'sender', sender}, ctx)
  await createRemoteSender(lanes).observe(ctx)
  await lanes.close()
  const ended = lines.filter(({message}) => message === 'span ends')
  const stackOf = (annotation: string) =>
    ended.find(({fields}) => fields['annotation'] === annotation)?.fields['span']
  const request = String(stackOf('request observe'))
  expect(stackOf('serve observe')).toMatch(new RegExp(`^${RegExp.escape(request)}\\.[^.$]+$`))
  expect(stackOf('zfs list')).toMatch(new RegExp(`^${RegExp.escape(request)}\\.[^.$]+\\.[^.$]+$`))
  expect(ended.find(({fields}) => fields['annotation'] === 'zfs list')?.fields).toMatchObject({
    host: 'test',
    exitCode: 0,
  })
})
