import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {type OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {StreamStage} from '../../../src/lib/core/stream-stage.ts'
import {MAX_CHUNK_BYTES, readChunks, writeChunks, writeEnd} from '../../../src/lib/host/chunks.ts'
import {kernelStream} from '../../../src/lib/host/kernel-stream.ts'
import {createPipe, type PipeReader, type PipeWriter} from '../../../src/lib/host/pipe.ts'
import {createStreamStages} from '../../../src/lib/host/stream-stages.ts'
import {numberOf} from '../../any-stream.ts'
import {failureOf, linesOf, script, temporaryDirectory, testContext, untilGone} from './helpers.ts'

const directory = temporaryDirectory()
afterAll(() => directory[Symbol.dispose]())
const NEVER = new AbortController().signal
/** Compresses, but not to nothing. */
const STREAM = new Uint8Array(3_000_000).map((_, index) => (index * index * 7) % 251)
const GRACE = {termMs: 300, killMs: 300}

/** A program with the manners of zstd that every system has; it says who it is. */
const PIDS = join(directory.path, 'pids')
const zstd = script(
  directory.path,
  'zstd',
  `echo $$ >>${PIDS}; case "$*" in *-d*) exec gzip -dc;; *) exec gzip -c;; esac`,
)
const stages = createStreamStages({zstd, grace: GRACE})
const ZSTD = {type: 'zstd', level: 3} as const

/** A program that writes `bytes` into a stage, or reads so many from one. */
async function write(stage: StreamStage, bytes: Uint8Array): Promise<void> {
  const path = join(directory.path, 'stream')
  writeFileSync(path, bytes)
  const child = Bun.spawn(['cat', path], {stdio: ['ignore', numberOf(stage.stream), 'ignore']})
  expect(await child.exited).toBe(0)
}

async function read(stage: StreamStage, bytes: number): Promise<Uint8Array> {
  const child = Bun.spawn(['head', '-c', String(bytes)], {stdio: [numberOf(stage.stream), 'pipe', 'ignore']})
  return await child.stdout.bytes()
}

/** The bytes of a whole compressed stream on a connection. */
async function compressed(): Promise<Buffer> {
  const {reader, writer} = createPipe()
  const ctx = testContext()
  const stage = stages.compress(ctx, ZSTD, writer.stream)
  const all = readToEnd(reader)
  await write(stage, STREAM)
  await stage.end(ctx)
  writer.close()
  return await all
}

async function readToEnd(reader: PipeReader): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for (;;) {
    const some = await reader.readSome(65_536, NEVER)
    if (some === undefined) return Buffer.concat(parts)
    parts.push(some)
  }
}

async function writeAndClose(writer: PipeWriter, bytes: Uint8Array): Promise<void> {
  await writer.write(bytes, NEVER)
  writer.close()
}

test('streams arrive as they were, smaller on the way, and what follows them is still there', async () => {
  const wire = await compressed()
  expect(wire.length).toBeLessThan(STREAM.length / 2)
  expect(wire.readUInt32BE(wire.length - 4)).toBe(0)

  const {reader, writer} = createPipe()
  const ctx = testContext()
  const stage = stages.decompress(ctx, 'zstd', reader.stream)
  const written = writer.write(Buffer.concat([wire, Buffer.from('next')]), NEVER)
  // Two programs read one after the other, as for a series.
  const first = await read(stage, 1_000_000)
  const second = await read(stage, STREAM.length - 1_000_000)
  expect(Buffer.concat([first, second]).equals(STREAM)).toBe(true)
  await stage.end(ctx)
  await written
  expect(await reader.read(4, NEVER)).toEqual(new Uint8Array(Buffer.from('next')))
  expect(ctx.spans).toEqual([{annotation: 'zstd', fields: expect.objectContaining({exitCode: 0})}])
})

test('a stream that is cut anywhere is no whole one, and who reads it meets its end', async () => {
  const wire = await compressed()
  for (const length of [0, 3, 4, 5, 1000, wire.length - 5, wire.length - 4, wire.length - 1]) {
    const {reader, writer} = createPipe()
    const ctx = testContext()
    const stage = stages.decompress(ctx, 'zstd', reader.stream)
    const written = writeAndClose(writer, wire.subarray(0, length))
    // Whether everything could be decompressed or not: nobody has said that it was everything.
    expect((await read(stage, STREAM.length + 1)).length).toBeLessThanOrEqual(STREAM.length)
    await written
    const {code} = (await failureOf(stage.end(ctx))) as OperationalError
    expect(code).toBe('peer-unreachable')
    expect((await stage.stop())?.code).toBe('peer-unreachable')
  }
})

test('a stream that was damaged is no whole one', async () => {
  const wire = await compressed()
  wire[wire.length >> 1] = (wire[wire.length >> 1] ?? 0) ^ 0x10
  const {reader, writer} = createPipe()
  const ctx = testContext()
  const stage = stages.decompress(ctx, 'zstd', reader.stream)
  void writer.write(wire, NEVER).catch(() => {})
  await read(stage, STREAM.length + 1)
  await expect(stage.end(ctx)).rejects.toMatchObject({
    code: 'receive-failed',
    message: expect.stringMatching(/^zstd failed with exit status 1: .*gzip/),
  })
  expect((await stage.stop())?.code).toBe('receive-failed')
})

test('more than the streams that were announced is an error', async () => {
  const wire = await compressed()
  const {reader, writer} = createPipe()
  const ctx = testContext()
  const stage = stages.decompress(ctx, 'zstd', reader.stream)
  const written = writer.write(wire, NEVER)
  await read(stage, 1000)
  await expect(stage.end(ctx)).rejects.toMatchObject({code: 'receive-failed'})
  await stage.stop()
  await written.catch(() => {})
})

test('the end is not told of a program that did not end well, whatever it has written', async () => {
  const failing = script(directory.path, 'failing', 'cat; echo no room >&2; exit 3')
  const {reader, writer} = createPipe()
  const ctx = testContext()
  const stage = createStreamStages({zstd: failing}).compress(ctx, ZSTD, writer.stream)
  const all = readToEnd(reader)
  await write(stage, STREAM)
  await expect(stage.end(ctx)).rejects.toMatchObject({
    code: 'send-failed',
    message: 'zstd failed with exit status 3: no room',
  })
  expect((await stage.stop())?.message).toBe('zstd failed with exit status 3: no room')
  writer.close()
  const wire = await all
  expect(wire.readUInt32BE(0)).toBeGreaterThan(0)
  // Pieces and nothing else, and no end behind the last.
  let at = 0
  while (at < wire.length) {
    expect(wire.readUInt32BE(at)).not.toBe(0)
    at += 4 + wire.readUInt32BE(at)
  }
  expect(at).toBe(wire.length)
})

test.each(['compress', 'decompress'] as const)(
  '%s: a program that is killed is what went wrong',
  async (direction) => {
    const sleeping = script(directory.path, `sleeping-${direction}`, 'kill -9 $$')
    const {reader, writer} = createPipe()
    const ctx = testContext()
    const own = createStreamStages({zstd: sleeping, grace: GRACE})
    const stage =
      direction === 'compress'
        ? own.compress(ctx, ZSTD, writer.stream)
        : own.decompress(ctx, 'zstd', reader.stream)
    if (direction === 'decompress')
      void writer.write(Buffer.concat([Buffer.from([0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0])]), NEVER)
    await expect(stage.end(ctx)).rejects.toMatchObject({
      code: direction === 'compress' ? 'send-failed' : 'receive-failed',
      message: 'zstd was ended by SIGKILL',
    })
    expect((await stage.stop())?.message).toBe('zstd was ended by SIGKILL')
  },
)

test('who gives up leaves no program, and has no failure of the stage to tell', async () => {
  writeFileSync(PIDS, '')
  const {reader, writer} = createPipe()
  const ctx = testContext()
  const there = stages.compress(ctx, ZSTD, writer.stream)
  const back = stages.decompress(ctx, 'zstd', reader.stream)
  const pids = await linesOf(PIDS, 2)
  expect(await there.stop()).toBeUndefined()
  expect(await back.stop()).toBeUndefined()
  expect(await untilGone(pids)).toBe(true)
})

test('a run that is stopped does not wait for a program that hangs', async () => {
  const hanging = script(directory.path, 'hanging', 'exec sleep 600')
  const {writer} = createPipe()
  const ctx = testContext()
  const stage = createStreamStages({zstd: hanging, grace: GRACE}).compress(ctx, ZSTD, writer.stream)
  const ended = stage.end(ctx)
  const why = new Stopped('enough')
  ctx.stop(why)
  await expect(ended).rejects.toBe(why)
  expect(await stage.stop()).toBeUndefined()
})

describe.each([
  ['moved by the kernel', kernelStream()],
  ['copied', undefined],
])('pieces %s', (_, kernel) => {
  test('are put together again', async () => {
    const [before, wire, behind] = [createPipe(), createPipe(), createPipe()]
    const ctx = testContext()
    const there = writeChunks(ctx, before.reader, wire.writer.stream, {kernel}).then(() =>
      writeEnd(ctx, wire.writer.stream),
    )
    const back = readChunks(ctx, wire.reader.stream, behind.writer, {kernel})
    const arrived = behind.reader.read(STREAM.length, NEVER)
    await writeAndClose(before.writer, STREAM)
    expect(Buffer.from((await arrived) ?? []).equals(STREAM)).toBe(true)
    expect([await there, await back]).toEqual([undefined, 'whole'])
  })

  test('that nobody reads', async () => {
    const [wire, behind] = [createPipe(), createPipe()]
    behind.reader.close()
    await wire.writer.write(Buffer.from([0, 0, 0, 1, 7]), NEVER)
    expect(await readChunks(testContext(), wire.reader.stream, behind.writer, {kernel})).toBe('no-reader')
  })

  test('longer than any are refused', async () => {
    const [wire, behind] = [createPipe(), createPipe()]
    const length = Buffer.alloc(4)
    length.writeUInt32BE(MAX_CHUNK_BYTES + 1)
    await wire.writer.write(length, NEVER)
    await expect(
      readChunks(testContext(), wire.reader.stream, behind.writer, {kernel}),
    ).rejects.toMatchObject({
      code: 'peer-protocol',
    })
  })
})
