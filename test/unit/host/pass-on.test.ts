import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, describe, expect, test} from 'vitest'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {Inspect, OutgoingStream, StreamHandle} from '../../../src/lib/core/stream.ts'
import {kernelStream} from '../../../src/lib/host/kernel-stream.ts'
import {createPace} from '../../../src/lib/host/pace.ts'
import {openPacedPassage, openPassage} from '../../../src/lib/host/pass-on.ts'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {numberOf} from '../../any-stream.ts'
import {failureOf, temporaryDirectory, testContext} from './helpers.ts'

const directory = temporaryDirectory()
afterAll(() => directory[Symbol.dispose]())
const NEVER = new AbortController().signal
const STREAM = new Uint8Array(3_000_000).map((_, index) => (index * 7) % 251)

/** Admits what starts with the bytes 0, 7, 14; keeps the longest head it was shown. */
function startsAsStream(): {readonly inspect: Inspect; readonly seen: number[]} {
  const seen: number[] = []
  return {
    seen,
    inspect(head) {
      seen.push(head.length)
      if (head.length < 3) return {kind: 'more', bytes: 3}
      if (head[0] === 0 && head[1] === 7 && head[2] === 14) return {kind: 'admitted'}
      throw REFUSED
    },
  }
}

const REFUSED = new OperationalError('send-policy', 'not that one')

/** A program that writes `bytes` into the descriptor it has inherited. */
function program(stream: StreamHandle, bytes: Uint8Array) {
  const fd = numberOf(stream)
  const path = join(directory.path, `stream-${fd}`)
  writeFileSync(path, bytes)
  return Bun.spawn(['cat', path], {stdio: ['ignore', fd, 'ignore']})
}

describe.each([
  ['moved by the kernel', kernelStream()],
  ['copied', undefined],
])('%s', (_, kernel) => {
  function passage(stream: OutgoingStream) {
    return openPassage(stream, {kernel})
  }

  test('a stream arrives as it was written, and nothing behind it is lost or added', async () => {
    const {reader, writer} = createPipe()
    const {inspect} = startsAsStream()
    const {stream, run} = passage({sink: writer.stream, inspect, pace: undefined})
    const child = program(stream, STREAM)
    const arrived = reader.read(STREAM.length + 4, NEVER)
    expect(await run(testContext())).toBe('whole')
    expect(await child.exited).toBe(0)
    await writer.write(Buffer.from('next'), NEVER)
    expect(Buffer.from((await arrived) ?? []).equals(Buffer.concat([STREAM, Buffer.from('next')]))).toBe(true)
    writer.close()
    reader.close()
  })

  test('a paced one too', async () => {
    const {reader, writer} = createPipe()
    const {inspect} = startsAsStream()
    const taken: number[] = []
    const pace = {...createPace({bytesPerSecond: 1e12, bucketBytes: 100_000}), chunkBytes: 70_000}
    const counted = {
      ...pace,
      take: async (...[ctx, bytes]: Parameters<typeof pace.take>) => {
        taken.push(bytes)
        await pace.take(ctx, bytes)
      },
    }
    const {stream, run} = passage({sink: writer.stream, inspect, pace: counted})
    program(stream, STREAM)
    const arrived = reader.read(STREAM.length, NEVER)
    expect(await run(testContext())).toBe('whole')
    expect(Buffer.from((await arrived) ?? []).equals(STREAM)).toBe(true)
    expect(Math.max(...taken)).toBeLessThanOrEqual(70_000)
    expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBe(STREAM.length)
    writer.close()
    reader.close()
  })

  test('a paced stream to a program that reads no more than the stream, in a pipe that stays open', async () => {
    const {reader, writer} = createPipe()
    const taken: number[] = []
    const pace = {
      chunkBytes: 70_000,
      take: async (_: unknown, bytes: number) => {
        taken.push(bytes)
      },
    }
    const {direction, stream, run} = openPacedPassage({source: reader.stream, pace}, {kernel})
    expect(direction).toBe('to-program')
    const child = Bun.spawn(['head', '-c', `${STREAM.length}`], {
      stdio: [numberOf(stream), 'pipe', 'inherit'],
    })
    const ended = new AbortController()
    const passed = run({...testContext(), signal: ended.signal})
    await writer.write(STREAM, NEVER)
    const arrived = await new Response(child.stdout).arrayBuffer()
    expect(await child.exited).toBe(0)
    expect(Buffer.from(arrived).equals(STREAM)).toBe(true)
    const reason = new Stopped('ended')
    ended.abort(reason)
    expect(await failureOf(passed)).toBe(reason)
    expect(Math.max(...taken)).toBeLessThanOrEqual(70_000)
    expect(taken.reduce((sum, bytes) => sum + bytes, 0)).toBe(STREAM.length)
    writer.close()
    reader.close()
  })

  test('a stream that comes byte by byte is inspected once it is long enough', async () => {
    const {reader, writer} = createPipe()
    const {inspect, seen} = startsAsStream()
    const {stream, run} = passage({sink: writer.stream, inspect, pace: undefined})
    const child = Bun.spawn(['cat'], {stdio: ['pipe', numberOf(stream), 'inherit']})
    const passed = run(testContext())
    for (const byte of STREAM.subarray(0, 4)) {
      void child.stdin.write(new Uint8Array([byte]))
      await child.stdin.flush()
      await Bun.sleep(2)
    }
    void child.stdin.end()
    expect(await passed).toBe('whole')
    expect(await reader.read(4, NEVER)).toEqual(STREAM.slice(0, 4))
    expect(seen.at(-1)).toBe(3)
    writer.close()
    reader.close()
  })

  test('nothing of a refused stream is passed on, and its writer meets a broken pipe', async () => {
    const {reader, writer} = createPipe()
    const {inspect} = startsAsStream()
    const {stream, run} = passage({sink: writer.stream, inspect, pace: undefined})
    const child = program(stream, STREAM.subarray(1))
    expect(await failureOf(run(testContext()))).toBe(REFUSED)
    await child.exited
    expect(child.exitCode === 0).toBe(false)
    writer.close()
    expect(await reader.read(1, NEVER)).toBeUndefined()
    reader.close()
  })

  test('nothing of a stream too short to be inspected is passed on', async () => {
    const {reader, writer} = createPipe()
    const {inspect} = startsAsStream()
    const {stream, run} = passage({sink: writer.stream, inspect, pace: undefined})
    program(stream, STREAM.subarray(0, 2))
    expect(await run(testContext())).toBe('ended')
    writer.close()
    expect(await reader.read(1, NEVER)).toBeUndefined()
    reader.close()
  })

  test('when nobody reads the sink any more it is told, and so is the writer', async () => {
    const {reader, writer} = createPipe()
    const {inspect} = startsAsStream()
    const {stream, run} = passage({sink: writer.stream, inspect, pace: undefined})
    reader.close()
    const child = program(stream, STREAM)
    expect(await run(testContext())).toBe('cut')
    await child.exited
    expect(child.exitCode === 0).toBe(false)
    writer.close()
  })

  test('what stops the run stops the waiting for a sink that is full', async () => {
    const ctx = testContext()
    const {reader, writer} = createPipe()
    const {inspect} = startsAsStream()
    const {stream, run} = passage({sink: writer.stream, inspect, pace: undefined})
    program(stream, STREAM)
    const passed = run(ctx)
    await reader.read(10, NEVER)
    const reason = new Stopped('enough')
    ctx.stop(reason)
    expect(await failureOf(passed)).toBe(reason)
    writer.close()
    reader.close()
  })
})
