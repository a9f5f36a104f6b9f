import {readFileSync, readSync, writeSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {Bug} from '../../../src/lib/core/assert.ts'
import {Stopped} from '../../../src/lib/core/errors.ts'
import {byteReader, byteWriter, createPipe} from '../../../src/lib/host/pipe.ts'
import {numberOf} from '../../any-stream.ts'
import {codeOf, failureOf} from './helpers.ts'

const {signal} = new AbortController()
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (read: Uint8Array | undefined) => read && new TextDecoder().decode(read)

describe('exact lengths', () => {
  test('what follows a header stays in the pipe for a child', async () => {
    const {reader, writer} = createPipe()
    const rest = 'x'.repeat(30_000)
    await writer.write(bytes(`head${rest}`), signal)
    writer.close()
    expect(text(await reader.read(4, signal))).toBe('head')
    const child = Bun.spawn(['cat'], {stdio: [numberOf(reader.stream), 'pipe', 'inherit']})
    reader.close()
    expect(await child.stdout.text()).toBe(rest)
  })

  test('who writes is told whenever some of it has been taken', async () => {
    const {reader, writer} = createPipe()
    let times = 0
    const writing = writer.write(new Uint8Array(80 * 1024), signal, () => {
      times += 1
    })
    await Promise.all([writing, reader.read(80 * 1024, signal)])
    // It is given 4 KiB at a time.
    expect(times).toBe(20)
    reader.close()
    writer.close()
  })

  test('what a child writes follows what we have written', async () => {
    const {reader, writer} = createPipe()
    await writer.write(bytes('head'), signal)
    const child = Bun.spawn(['printf', 'body'], {stdio: ['ignore', numberOf(writer.stream), 'inherit']})
    await child.exited
    await writer.write(bytes('tail'), signal)
    expect(text(await reader.read(12, signal))).toBe('headbodytail')
    writer.close()
    reader.close()
  })

  test('a length that arrives byte by byte is waited for', async () => {
    const {reader, writer} = createPipe()
    const read = reader.read(3, signal)
    for (const part of ['a', 'b', 'c']) await writer.write(bytes(part), signal)
    expect(text(await read)).toBe('abc')
    writer.close()
    reader.close()
  })

  test('ten megabytes go both ways at once without a change', async () => {
    const one = createPipe()
    const two = createPipe()
    const body = crypto.getRandomValues(new Uint8Array(65_536))
    const frame = new Uint8Array(10_000_000).map((_, index) => body[index % body.length] as number)
    const [, , a, b] = await Promise.all([
      one.writer.write(frame, signal),
      two.writer.write(frame, signal),
      one.reader.read(frame.length, signal),
      two.reader.read(frame.length, signal),
    ])
    expect(Buffer.compare(frame, a ?? frame.subarray(1))).toBe(0)
    expect(Buffer.compare(frame, b ?? frame.subarray(1))).toBe(0)
    for (const end of [one.reader, one.writer, two.reader, two.writer]) end.close()
  })

  test('nothing at all is an answer of no bytes', async () => {
    const {reader, writer} = createPipe()
    expect(await reader.read(0, signal)).toEqual(new Uint8Array(0))
    writer.close()
    reader.close()
  })
})

describe('the end', () => {
  test('before the first byte it is an end in order', async () => {
    const {reader, writer} = createPipe()
    writer.close()
    expect(await reader.read(4, signal)).toBeUndefined()
    reader.close()
  })

  test('within a length it is a cut', async () => {
    const {reader, writer} = createPipe()
    await writer.write(bytes('ab'), signal)
    writer.close()
    const error = await failureOf(reader.read(4, signal))
    expect(error).toMatchObject({
      code: 'peer-unreachable',
      retryable: true,
      message: 'the connection was cut after 2 of 4 bytes',
    })
    reader.close()
  })

  test('a reader that has gone is an unreachable peer', async () => {
    const {reader, writer} = createPipe()
    reader.close()
    expect(await codeOf(writer.write(bytes('x'), signal))).toBe('peer-unreachable')
    writer.close()
  })

  test('a reader that goes while we wait for room is noticed', async () => {
    const {reader, writer} = createPipe()
    const write = codeOf(writer.write(new Uint8Array(4_000_000), signal))
    await reader.read(1, signal)
    reader.close()
    expect(await write).toBe('peer-unreachable')
    writer.close()
  })
})

describe('waiting', () => {
  test('a read ends with the reason of its signal', async () => {
    const {reader, writer} = createPipe()
    const stop = new AbortController()
    const read = failureOf(reader.read(1, stop.signal))
    const reason = new Stopped('enough')
    stop.abort(reason)
    expect(await read).toBe(reason)
    expect(await failureOf(reader.read(1, stop.signal))).toBe(reason)
    writer.close()
    reader.close()
  })

  test('a write into a full pipe blocks nobody and ends with the reason of its signal', async () => {
    const {reader, writer} = createPipe()
    const stop = new AbortController()
    const write = failureOf(writer.write(new Uint8Array(4_000_000), stop.signal))
    let turns = 0
    while (turns < 20) await new Promise<void>((resolve) => setTimeout(() => resolve(void turns++), 1))
    const reason = new Stopped('enough')
    stop.abort(reason)
    expect(await write).toBe(reason)
    writer.close()
    reader.close()
  })

  test('two hundred readers are served from one timer', async () => {
    const pipes = Array.from({length: 200}, createPipe)
    const reads = pipes.map(({reader}) => reader.read(1, signal))
    for (const [index, {writer}] of pipes.entries()) await writer.write(new Uint8Array([index]), signal)
    expect((await Promise.all(reads)).map((read) => read?.[0])).toEqual(pipes.map((_, index) => index))
    for (const {reader, writer} of pipes) {
      reader.close()
      writer.close()
    }
  })

  test('waiting for long costs next to nothing', async () => {
    const {reader, writer} = createPipe()
    const before = process.cpuUsage()
    const read = reader.read(1, signal)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const {user, system} = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(100)
    writer.close()
    await read
    reader.close()
  })
})

describe('closing', () => {
  test('a closed end cannot be used, and its number is not handed out', async () => {
    const {reader, writer} = createPipe()
    writer.close()
    reader.close()
    writer.close()
    reader.close()
    expect(await codeOf(reader.read(1, signal))).toBe('peer-unreachable')
    expect(await codeOf(writer.write(bytes('x'), signal))).toBe('peer-unreachable')
    expect(() => reader.stream.lend()).toThrow(Bug)
    expect(() => writer.stream.lend()).toThrow(Bug)
  })

  test('without a reason it lets a call in progress end, and only then gives the descriptor back', async () => {
    const {reader, writer} = createPipe()
    const fd = numberOf(reader.stream)
    const read = reader.read(2, signal)
    reader.close()
    await writer.write(bytes('ab'), signal)
    expect(text(await read)).toBe('ab')
    expect(() => readSync(fd, new Uint8Array(1))).toThrow('EBADF')
    writer.close()
  })

  test('with a reason it ends a call in progress with it', async () => {
    const {reader, writer} = createPipe()
    const read = failureOf(reader.read(2, signal))
    const reason = new Stopped('burnt')
    reader.close(reason)
    expect(await read).toBe(reason)
    writer.close()
  })

  test('two calls at once on one end are a bug', async () => {
    const {reader, writer} = createPipe()
    const first = reader.read(1, signal)
    expect(await failureOf(reader.read(1, signal))).toBeInstanceOf(Bug)
    writer.close()
    await first
    reader.close()
  })
})

test.skipIf(process.platform !== 'linux')('both ends are closed on exec, whoever starts a program', () => {
  const {reader, writer} = createPipe()
  for (const fd of [numberOf(reader.stream), numberOf(writer.stream)]) {
    const flags = /flags:\s+([0-7]+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? ''
    expect(Number.parseInt(flags, 8) & 0o2000000).not.toBe(0)
  }
  reader.close()
  writer.close()
})

test('a plain descriptor can be wrapped', async () => {
  const {reader, writer} = createPipe()
  const [readFd, writeFd] = [numberOf(reader.stream), numberOf(writer.stream)]
  writeSync(writeFd, 'raw')
  expect(text(await byteReader(readFd).read(3, signal))).toBe('raw')
  await byteWriter(writeFd).write(bytes('too'), signal)
  const buffer = new Uint8Array(3)
  readSync(readFd, buffer)
  expect(text(buffer)).toBe('too')
  reader.close()
  writer.close()
})
