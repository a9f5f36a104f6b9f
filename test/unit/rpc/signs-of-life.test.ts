import {describe, expect, test} from 'vitest'
import {type Clock, type RunContext, withSignal} from '../../../src/lib/core/context.ts'
import type {LaneConnection} from '../../../src/lib/core/lane.ts'
import type {ByteReader} from '../../../src/lib/core/stream.ts'
import type {LocalReceiver} from '../../../src/lib/endpoint/receiver.ts'
import type {EndpointView} from '../../../src/lib/endpoint/view.ts'
import {encodeFrame, readFrame} from '../../../src/lib/rpc/frame.ts'
import {createLanes} from '../../../src/lib/rpc/lanes.ts'
import {greetAsClient, greetAsServer} from '../../../src/lib/rpc/prelude.ts'
import {createRemoteReceiver} from '../../../src/lib/rpc/remote.ts'
import {type Beside, serve} from '../../../src/lib/rpc/serve.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {byteReader, byteWriter, createPipe, type End} from '../../sim/process/pipe.ts'
import {createTestContext} from '../test-context.ts'

/** A clock that stands still until it is told how much later it is. */
function manualClock() {
  let nowMs = 0
  const waiting = new Set<{readonly atMs: number; readonly wake: () => void}>()
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const sleeper = {atMs: nowMs + ms, wake: resolve}
        waiting.add(sleeper)
        signal.addEventListener('abort', () => waiting.delete(sleeper) && reject(signal.reason), {once: true})
      }),
  }
  async function pass(ms: number): Promise<void> {
    const until = nowMs + ms
    for (;;) {
      // All that is woken works in microtasks.
      await new Promise((resolve) => setImmediate(resolve))
      const [next] = Array.from(waiting).toSorted((a, b) => a.atMs - b.atMs)
      if (next === undefined || next.atMs > until) break
      waiting.delete(next)
      nowMs = next.atMs
      next.wake()
    }
    nowMs = until
  }
  return {clock, pass, sleepers: () => waiting.size}
}

const RECEIVE = {
  filesystem: parseDatasetName('tank/a'),
  type: 'filesystem',
  raw: false,
  from: undefined,
  to: {name: 's', guid: parseGuid('7')},
  protection: 'guarantee_nothing',
  resuming: false,
  confirm: 'now',
} as const

const VIEW: EndpointView = {
  jobId: 'j' as never,
  missing: [],
  clockMs: 0,
  maxStreams: 1,
  compressions: [],
  filesystems: [],
}

/**
 * A server in this process whose receiver observes for as long as it likes; `beats` says whether it gives signs. Where it
 * does not serve, a test does what the server does, at its own pace.
 */
function connect({
  beats = true,
  serves = true,
  isReceiving = () => undefined,
}: {
  beats?: boolean
  serves?: boolean
  isReceiving?: Beside['hasMoved']
} = {}) {
  const {clock, pass, sleepers} = manualClock()
  const ctx: RunContext = {...createTestContext(), clock}
  const hangUp = new AbortController()
  const observed = Promise.withResolvers<EndpointView>()
  const receiver: LocalReceiver = {
    observe: () => observed.promise,
    abortPartial: async () => [],
    setAside: async () => [],
    holdLastReceived: async () => [],
    estimateDestroy: async () => [],
    destroySnapshots: async () => [],
    receive: (ctx) =>
      new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
  }
  const [there, back] = [createPipe(65_536), createPipe(65_536)]
  const end = (reader: End, writer: End) => ({
    reader: byteReader(reader, () => -1),
    writer: byteWriter(
      writer,
      () => -1,
      () => () => {},
    ),
  })
  const [client, server] = [end(back.reader, there.writer), end(there.reader, back.writer)]
  let listener: (told: Record<string, unknown>) => void = () => {}
  let signs = 0
  const beat = () => {
    signs += 1
    listener({told: 'heartbeat'})
  }
  const beside: Beside = {
    heartbeat: () => beats && beat(),
    requestContext: (ctx, verb) => ({...ctx, span: ctx.span.task(verb)}),
    hasMoved: isReceiving,
  }
  const served = greetAsServer(server.reader, server.writer, ctx.signal)
    .then(() =>
      serves
        ? serve(
            withSignal(ctx, hangUp.signal),
            {kind: 'receiver', receiver},
            server.reader,
            server.writer,
            beside,
          )
        : new Promise<void>((resolve) => hangUp.signal.addEventListener('abort', () => resolve())),
    )
    .then(
      () => 'ended in order',
      (error: Error) => error.message,
    )
  void served.then(() => server.writer.close())
  const burnt = Promise.withResolvers<{exitCode: undefined}>()
  const connection: LaneConnection = {
    reader: client.reader,
    writer: client.writer,
    peer: 'ssh backup',
    carrier: undefined,
    greeted: () => {},
    onTold: (told) => {
      listener = told
    },
    hasUnread: () => back.reader.pipe.length > 0,
    complaint: () => '',
    hangUp: () => client.writer.close(),
    close: async () => {
      client.writer.close()
      await Promise.race([served, burnt.promise])
    },
    burn(reason) {
      client.writer.close(reason)
      client.reader.close(reason)
      burnt.resolve({exitCode: undefined})
    },
    gone: Promise.race([served.then(() => ({exitCode: 0})), burnt.promise]),
  }
  const lanes = createLanes(ctx, async () => connection, 1)
  return {
    ctx,
    pass,
    sleepers,
    lanes,
    served,
    observed,
    client,
    server,
    beat,
    signs: () => signs,
    hangUp: () => hangUp.abort(),
  }
}

test('a peer that works for hours is waited for while it gives signs of life', async () => {
  const {ctx, pass, lanes, observed, served} = connect()
  const view = createRemoteReceiver(lanes).observe(ctx)
  await pass(4 * 3_600_000)
  observed.resolve(VIEW)
  expect(await view).toEqual(VIEW)
  await lanes.close()
  expect(await served).toBe('ended in order')
})

test('a peer that gives none is given up within 30 s, by name', async () => {
  const {ctx, pass, lanes} = connect({beats: false})
  const failed = createRemoteReceiver(lanes)
    .observe(ctx)
    .catch((error: unknown) => error)
  await pass(30_000)
  expect(await failed).toMatchObject({
    code: 'peer-unreachable',
    retryable: true,
    message: expect.stringContaining('ssh backup: no sign of life for half a minute'),
  })
  await lanes.close()
})

test('signs of life alone are not enough for ever: a peer that gives nothing else is given up after hours', async () => {
  const {ctx, pass, lanes, served, observed, hangUp} = connect()
  const failed = createRemoteReceiver(lanes)
    .observe(ctx)
    .catch((error: unknown) => error)
  await pass(6 * 3_600_000)
  expect(await Promise.race([failed, 'waiting'])).toBe('waiting')
  await pass(2 * 60_000)
  expect(await failed).toMatchObject({
    code: 'peer-unreachable',
    retryable: true,
    message: "ssh backup: no answer to 'observe' within 6h2m, only signs of life",
  })
  observed.resolve(VIEW)
  hangUp()
  await served
  await lanes.close()
})

test('nothing is waited for any more of a connection that has gone, also when something is asked after that', async () => {
  const {ctx, pass, sleepers, lanes, observed, served, hangUp} = connect()
  observed.resolve(VIEW)
  const remote = createRemoteReceiver(lanes)
  await remote.observe(ctx)
  hangUp()
  await served
  await pass(0)
  await expect(remote.observe(ctx)).rejects.toMatchObject({code: 'peer-unreachable'})
  await lanes.close()
  await pass(30_000)
  expect(sleepers()).toBe(0)
})

test('a connection with nothing to do is kept by both sides as long as both are there', async () => {
  const {ctx, pass, lanes, observed, served} = connect()
  observed.resolve(VIEW)
  const remote = createRemoteReceiver(lanes)
  expect(await remote.observe(ctx)).toEqual(VIEW)
  await pass(3_600_000)
  expect(await remote.observe(ctx)).toEqual(VIEW)
  await lanes.close()
  expect(await served).toBe('ended in order')
})

test('who serves a client that is silent between requests ends by itself within 30 s', async () => {
  const {pass, served, client, ctx} = connect()
  await greetAsClient(client.reader, client.writer, ctx.signal)
  await pass(30_000)
  expect(await served).toBe('the client has asked for nothing and given no sign of life for half a minute')
})

test.each<[string, Beside['hasMoved'], string]>([
  ['goes on while bytes come', () => true, 'under way'],
  ['goes on where nobody can tell', () => undefined, 'under way'],
  ['ends after 10 minutes without a byte', () => false, 'nothing of the stream has come for 10 minutes'],
])('a receive %s', async (_, isReceiving, end) => {
  const {ctx, pass, lanes, served, hangUp} = connect({isReceiving})
  const receiving = lanes
    .stream(ctx, 'receive', async (ctx, lane) => {
      await lane.ask(ctx, {verb: 'receive', requests: [RECEIVE]})
      return await lane.answer(ctx, 'received')
    })
    .catch((error: Error) => error.message)
  await pass(599_000)
  expect(await Promise.race([receiving, 'under way'])).toBe('under way')
  await pass(1000)
  expect(await Promise.race([receiving, 'under way'])).toContain(end)
  hangUp()
  await served
  await lanes.close()
})

test('a receive that comes on has no end set', async () => {
  const {ctx, pass, lanes, served, hangUp} = connect({isReceiving: () => true})
  const receiving = lanes
    .stream(ctx, 'receive', async (ctx, lane) => {
      await lane.ask(ctx, {verb: 'receive', requests: [RECEIVE]})
      return await lane.answer(ctx, 'received')
    })
    .catch((error: Error) => error.message)
  await pass(7 * 3_600_000)
  expect(await Promise.race([receiving, 'under way'])).toBe('under way')
  hangUp()
  await served
  await lanes.close()
})

/** What `frame` is cut into by a line that lets 16 KiB through every 20 s. */
const SLOWLY_MS = 20_000
const PIECE = 16 * 1024
const piecesOf = (frame: Uint8Array) =>
  Array.from({length: Math.ceil(frame.length / PIECE)}, (_, index) =>
    frame.subarray(index * PIECE, (index + 1) * PIECE),
  )
const filesystems = (count: number) =>
  Array.from({length: count}, (_, index) => parseDatasetName(`tank/${'a'.repeat(200)}${index}`))

/** Reads so many bytes by and by, as they come over a slow line, and calls `onPiece` after each. */
async function readSlowly(
  {reader}: {reader: ByteReader},
  length: number,
  pass: (ms: number) => Promise<void>,
  onPiece = () => {},
  everyMs = SLOWLY_MS,
): Promise<void> {
  for (let left = length; left > 0; left -= PIECE) {
    await reader.read(Math.min(PIECE, left), new AbortController().signal)
    onPiece()
    await pass(everyMs)
  }
}

describe('over a slow line', () => {
  test('a long request arrives as long as some of it comes, and who reads it gives signs meanwhile', async () => {
    const {ctx, pass, served, client, signs} = connect()
    await greetAsClient(client.reader, client.writer, ctx.signal)
    const request = encodeFrame('request', {
      id: 1,
      verb: 'abort-partial',
      filesystems: filesystems(1500),
    })
    for (const piece of piecesOf(request)) {
      await client.writer.write(piece, ctx.signal)
      await pass(SLOWLY_MS)
    }
    expect(await readFrame(client.reader, 'response', ctx.signal)).toEqual({
      id: 1,
      verb: 'outcomes',
      outcomes: [],
    })
    // Twenty pieces of it.
    expect(signs()).toBe((20 - 1) * 4)
    client.writer.close()
    expect(await served).toBe('ended in order')
  })

  test('a request of which no more comes is waited for half a minute, and one without an end for 2 hours', async () => {
    const stopped = connect()
    const endless = connect()
    const request = encodeFrame('request', {text: 'x'.repeat(8_000_000)})
    for (const {client, ctx} of [stopped, endless]) {
      await greetAsClient(client.reader, client.writer, ctx.signal)
      await client.writer.write(request.subarray(0, 12), ctx.signal)
    }
    await stopped.pass(30_000)
    expect(await stopped.served).toContain('no sign of life for half a minute')
    for (const piece of piecesOf(request).slice(0, 360)) {
      expect(await Promise.race([endless.served, 'under way'])).toBe('under way')
      await endless.client.writer.write(piece, endless.ctx.signal)
      await endless.pass(SLOWLY_MS)
    }
    expect(await endless.served).toBe('a frame has not gone through as a whole within 2 hours')
  })

  test('a client that writes a long request waits for the answer from when it has been taken', async () => {
    const {ctx, pass, lanes, server, served, beat, hangUp} = connect({serves: false})
    const asked = createRemoteReceiver(lanes).abortPartial(ctx, filesystems(1500))
    await pass(0)
    // The greeting has been said and answered; the frame is longer than what the pipe and a slow reader hold.
    const header = await server.reader.read(12, ctx.signal)
    const length = new DataView(header?.buffer ?? new ArrayBuffer(12)).getUint32(8)
    await readSlowly(server, length, pass, beat)
    await server.writer.write(encodeFrame('response', {id: 1, verb: 'outcomes', outcomes: []}), ctx.signal)
    expect(await asked).toEqual([])
    hangUp()
    await served
    await lanes.close()
  })

  test('a client whose request is taken no more gives up within half a minute', async () => {
    const {ctx, pass, lanes, server, served, hangUp} = connect({serves: false})
    const asked = createRemoteReceiver(lanes)
      .abortPartial(ctx, filesystems(1500))
      .catch((error: Error) => error.message)
    await pass(0)
    await readSlowly(server, 5 * PIECE, pass)
    expect(await Promise.race([asked, 'waiting'])).toBe('waiting')
    await pass(30_000)
    expect(await asked).toContain('no sign of life for half a minute')
    hangUp()
    await served
    await lanes.close()
  })

  test('a long answer arrives as long as some of it comes, without any other sign', async () => {
    const {ctx, pass, lanes, server, served, hangUp} = connect({serves: false})
    const asked = createRemoteReceiver(lanes).observe(ctx)
    await pass(0)
    const missing = filesystems(1500)
    const answer = {id: 1, verb: 'observed', jobId: 'j', missing, clockMs: 0, maxStreams: 1, filesystems: []}
    for (const piece of piecesOf(encodeFrame('response', answer))) {
      await server.writer.write(piece, ctx.signal)
      await pass(SLOWLY_MS)
    }
    expect((await asked).missing).toEqual(missing)
    hangUp()
    await served
    await lanes.close()
  })

  test('of the answer to a stream, once it has begun, the rest comes within 2 hours', async () => {
    const {ctx, pass, lanes, server, served, beat, hangUp} = connect({serves: false})
    const receiving = lanes
      .stream(ctx, 'receive', async (ctx, lane) => {
        await lane.ask(ctx, {verb: 'receive', requests: [RECEIVE]})
        return await lane.answer(ctx, 'received')
      })
      .catch((error: Error) => error.message)
    await pass(0)
    await server.writer.write(encodeFrame('response', {id: 1}).subarray(0, 13), ctx.signal)
    for (let seconds = 0; seconds < 7180; seconds += 20) {
      await pass(20_000)
      beat()
    }
    expect(await Promise.race([receiving, 'waiting'])).toBe('waiting')
    await pass(20_000)
    expect(await receiving).toContain("no answer to 'receive' within 2h")
    hangUp()
    await served
    await lanes.close()
  })
})

describe('an answer', () => {
  const LONG = {
    ...VIEW,
    filesystems: filesystems(5000).map((filesystem) => ({
      filesystem,
      type: 'filesystem' as const,
      placeholder: false,
      encrypted: false,
      resumeToken: undefined,
      versions: [],
      holds: new Map(),
    })),
  }
  const OBSERVE = encodeFrame('request', {id: 1, verb: 'observe'})

  test('of which a client takes nothing is given up within half a minute, and nothing is written behind it', async () => {
    const {ctx, pass, served, observed, client} = connect()
    await greetAsClient(client.reader, client.writer, ctx.signal)
    observed.resolve(LONG)
    await client.writer.write(OBSERVE, ctx.signal)
    await pass(30_000)
    expect(await served).toBe('the client has taken nothing of an answer for half a minute')
  })

  test('that is long is waited for while some of it is taken, and a while longer for what the client says then', async () => {
    const {ctx, pass, served, observed, client} = connect()
    await greetAsClient(client.reader, client.writer, ctx.signal)
    observed.resolve(LONG)
    await client.writer.write(OBSERVE, ctx.signal)
    await pass(0)
    const header = await client.reader.read(12, ctx.signal)
    const length = new DataView(header?.buffer ?? new ArrayBuffer(12)).getUint32(8)
    await readSlowly(client, length, pass, () => {}, 5000)
    // The last 64 KiB were in the pipe 20 s ago, when 1.5 MB had been written: nine looks more than else, 70 s, are waited for.
    await pass(40_000)
    expect(await Promise.race([served, 'served'])).toBe('served')
    await pass(15_000)
    expect(await served).toContain('the client has asked for nothing')
  })
})
