import {expect, test} from 'vitest'
import {type Clock, type RunContext, withSignal} from '../../../src/lib/core/context.ts'
import type {LaneConnection} from '../../../src/lib/core/lane.ts'
import type {LocalReceiver} from '../../../src/lib/endpoint/receiver.ts'
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
  return {clock, pass}
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

const VIEW = {jobId: 'j' as never, missing: [], clockMs: 0, maxStreams: 1, compressions: [], filesystems: []}

/** A server in this process whose receiver observes for as long as it likes; `beats` says whether it gives signs. */
function connect({
  beats = true,
  isReceiving = () => undefined,
}: {
  beats?: boolean
  isReceiving?: Beside['hasMoved']
} = {}) {
  const {clock, pass} = manualClock()
  const ctx: RunContext = {...createTestContext(), clock}
  const hangUp = new AbortController()
  const observed = Promise.withResolvers<typeof VIEW>()
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
  const beside: Beside = {
    heartbeat: () => beats && listener({told: 'heartbeat'}),
    requestContext: (ctx, verb) => ({...ctx, span: ctx.span.task(verb)}),
    hasMoved: isReceiving,
  }
  const served = greetAsServer(server.reader, server.writer, ctx.signal)
    .then(() =>
      serve(
        withSignal(ctx, hangUp.signal),
        {kind: 'receiver', receiver},
        server.reader,
        server.writer,
        beside,
      ),
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
      client.writer.close()
      client.reader.close(reason)
      burnt.resolve({exitCode: undefined})
    },
    gone: Promise.race([served.then(() => ({exitCode: 0})), burnt.promise]),
  }
  const lanes = createLanes(ctx, async () => connection, 1)
  return {ctx, pass, lanes, served, observed, client, hangUp: () => hangUp.abort()}
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
