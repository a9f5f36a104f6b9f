import {join} from 'node:path'
import {afterEach, expect, test} from 'vitest'
import {withTask} from '../../../src/lib/core/context.ts'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {Inspect} from '../../../src/lib/core/stream.ts'
import {createLibrary} from '../../../src/lib/host/library.ts'
import {createPace} from '../../../src/lib/host/pace.ts'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import type {LibrarySend} from '../../../src/lib/zfs-client/library.ts'
import {encodeStreamHeader} from '../zfs/encode-stream-header.ts'
import {failureOf, testContext, untilGone} from './helpers.ts'

const HEADER = encodeStreamHeader({toguid: 5n, toname: 'p/a@s'})
const STREAM = Buffer.concat([HEADER, Buffer.alloc(1000, 7)])
const NEVER = new AbortController().signal

const CHILD = {
  path: process.execPath,
  argv: [join(import.meta.dirname, 'library-stream-child.ts'), Buffer.from(HEADER).toString('hex')],
}

const ctx = testContext()
const opened: {close(ctx: ReturnType<typeof testContext>): Promise<void>}[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close(ctx)
})

function library() {
  const one = createLibrary({required: false, command: CHILD, grace: {termMs: 2000, killMs: 2000}})
  opened.push(one)
  return one
}

const admitting: Inspect = (head) => (head.length < 312 ? {kind: 'more', bytes: 312} : {kind: 'admitted'})

function sent(to: string): LibrarySend {
  const flags = {raw: false, largeBlocks: false, compressed: false, embedded: false}
  return {to: parseSnapshotName(to), from: undefined, flags, resume: undefined}
}

function pids({said}: ReturnType<typeof testContext>): readonly string[] {
  return said.flatMap(({message, fields}) =>
    message === 'process for libzfs_core started' ? [String(fields['pid'])] : [],
  )
}

test('streams follow each other through one child and one pipe, with room for other bytes between them', async () => {
  const ctx = testContext()
  const {send, receive} = library()
  const {reader, writer} = createPipe()
  for (const word of ['first', 'other']) {
    const end = await send(ctx, sent('p/a@s'), {sink: writer.stream, inspect: admitting, pace: undefined})
    expect(end).toEqual({kind: 'ended', errno: 0})
    await writer.write(Buffer.from(word), NEVER)
    const from = {source: reader.stream, inspect: admitting, pace: undefined}
    expect(await receive(ctx, parseSnapshotName('p/b@s'), from)).toEqual({kind: 'ended', errno: 0})
    expect(Buffer.from((await reader.read(5, NEVER)) ?? []).toString()).toBe(word)
  }
  expect(pids(ctx)).toHaveLength(1)
  expect(ctx.spans).toContainEqual({
    annotation: 'libzfs_core send',
    fields: expect.objectContaining({to: 'p/a@s', resumed: false, errno: 0}),
  })
  writer.close()
  reader.close()
})

test('streams at the same time have a child each', async () => {
  const ctx = testContext()
  const {send, receive} = library()
  const {reader, writer} = createPipe()
  const pace = createPace({bytesPerSecond: 1e12, bucketBytes: 100_000})
  const both = await Promise.all([
    withTask(ctx, 'send', {}, (ctx) =>
      send(ctx, sent('p/a@s'), {sink: writer.stream, inspect: admitting, pace: undefined}),
    ),
    withTask(ctx, 'receive', {}, (ctx) =>
      receive(ctx, parseSnapshotName('p/b@s'), {source: reader.stream, inspect: admitting, pace}),
    ),
  ])
  expect(both).toEqual([
    {kind: 'ended', errno: 0},
    {kind: 'ended', errno: 0},
  ])
  expect(pids(ctx)).toHaveLength(2)
  writer.close()
  reader.close()
})

test('what the kernel answers is told, and nothing is in the pipe', async () => {
  const {send} = library()
  const {reader, writer} = createPipe()
  const end = await send(ctx, sent('p/a@fails'), {sink: writer.stream, inspect: admitting, pace: undefined})
  expect(end).toEqual({kind: 'ended', errno: 13})
  writer.close()
  expect(await reader.read(1, NEVER)).toBeUndefined()
  reader.close()
})

test('a refused stream never leaves, and its child is gone', async () => {
  const ctx = testContext()
  const {send} = library()
  const {reader, writer} = createPipe()
  const refusal = new OperationalError('send-policy', 'not that one')
  const inspect: Inspect = (head) => {
    if (head.length < 312) return {kind: 'more', bytes: 312}
    throw refusal
  }
  expect(await failureOf(send(ctx, sent('p/a@stays'), {sink: writer.stream, inspect, pace: undefined}))).toBe(
    refusal,
  )
  writer.close()
  expect(await reader.read(1, NEVER)).toBeUndefined()
  expect(await untilGone(pids(ctx))).toBe(true)
  reader.close()
})

test('a refused stream that arrives stays in its pipe, and there is no child', async () => {
  const ctx = testContext()
  const {receive} = library()
  const {reader, writer} = createPipe()
  await writer.write(STREAM, NEVER)
  const refusal = new OperationalError('receive-policy', 'not that one')
  const inspect: Inspect = (head) => {
    if (head.length < 312) return {kind: 'more', bytes: 312}
    throw refusal
  }
  const from = {source: reader.stream, inspect, pace: undefined}
  expect(await failureOf(receive(ctx, parseSnapshotName('p/b@s'), from))).toBe(refusal)
  expect(pids(ctx)).toEqual([])
  expect(Buffer.from((await reader.read(STREAM.length, NEVER)) ?? []).equals(STREAM)).toBe(true)
  writer.close()
  reader.close()
})

test.each([
  ['brings properties', encodeStreamHeader({hdrtype: 2}), 'p/b@s'],
  ['is for a pool that the library does not see', HEADER, 'unseen/b@s'],
])('a stream that %s is left in its pipe for the command', async (_, header, to) => {
  const {receive} = library()
  const {reader, writer} = createPipe()
  await writer.write(header, NEVER)
  const from = {source: reader.stream, inspect: admitting, pace: undefined}
  expect(await receive(ctx, parseSnapshotName(to), from)).toBeUndefined()
  expect(Buffer.from((await reader.read(312, NEVER)) ?? []).equals(Buffer.from(header))).toBe(true)
  writer.close()
  reader.close()
})

test('a stream that ends before its first record is no stream', async () => {
  const {receive} = library()
  const {reader, writer} = createPipe()
  await writer.write(STREAM.subarray(0, 300), NEVER)
  writer.close()
  const from = {source: reader.stream, inspect: admitting, pace: undefined}
  await expect(receive(ctx, parseSnapshotName('p/b@s'), from)).rejects.toThrow(
    'cannot receive: the stream ended before its first record',
  )
  reader.close()
})

test('a connection that is given up before a child has its stream is no child that has gone', async () => {
  const {receive} = library()
  const {reader, writer} = createPipe()
  await writer.write(STREAM, NEVER)
  const reason = new OperationalError('peer-unreachable', 'no sign of life', {retryable: true})
  const inspect: Inspect = (head) => {
    // Admitted at once, before the first child has said that it is there.
    if (head.length === 312) setImmediate(() => reader.close(reason))
    return admitting(head)
  }
  const lost = receive(ctx, parseSnapshotName('p/b@s'), {source: reader.stream, inspect, pace: undefined})
  expect(await failureOf(lost)).toBe(reason)
  writer.close()

  const next = createPipe()
  await next.writer.write(STREAM, NEVER)
  const from = {source: next.reader.stream, inspect: admitting, pace: undefined}
  expect(await receive(ctx, parseSnapshotName('p/b@s'), from)).toEqual({kind: 'ended', errno: 0})
  next.writer.close()
  next.reader.close()
})

test('what stops the run stops the stream, with its child, and another is started for the next', async () => {
  const ctx = testContext()
  const {send} = library()
  const {reader, writer} = createPipe()
  const sending = failureOf(
    send(ctx, sent('p/a@stays'), {sink: writer.stream, inspect: admitting, pace: undefined}),
  )
  expect(await reader.read(312, NEVER)).toHaveLength(312)
  const reason = new Stopped('enough')
  ctx.stop(reason)
  expect(await sending).toBe(reason)
  expect(await untilGone(pids(ctx))).toBe(true)
  const next = testContext()
  const pipe = createPipe()
  expect(
    await send(next, sent('p/a@s'), {sink: pipe.writer.stream, inspect: admitting, pace: undefined}),
  ).toEqual({kind: 'ended', errno: 0})
  for (const end of [reader, writer, pipe.reader, pipe.writer]) end.close()
})

test('a child that dies in a stream says nothing of it, and is the last', async () => {
  const ctx = testContext()
  const {send} = library()
  const {reader, writer} = createPipe()
  const into = {sink: writer.stream, inspect: admitting, pace: undefined}
  expect(await send(ctx, sent('p/a@dies'), into)).toEqual({kind: 'died'})
  expect(await send(ctx, sent('p/a@s'), into)).toBeUndefined()
  expect(pids(ctx)).toHaveLength(1)
  writer.close()
  reader.close()
})

test('sizes have all of their 64 bits', async () => {
  const {measure} = library()
  expect(await measure(ctx, sent('p/a@s'))).toEqual({errno: 0, bytes: 18446744073709551615n})
})
