import {fstatSync} from 'node:fs'
import {afterAll, describe, expect, test} from 'vitest'
import {Bug} from '../../../src/lib/core/assert.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {LaneConnection} from '../../../src/lib/core/lane.ts'
import type {Inspect, Pace} from '../../../src/lib/core/stream.ts'
import {readChunks, writeChunks} from '../../../src/lib/host/chunks.ts'
import {admit} from '../../../src/lib/host/inspect-incoming.ts'
import {kernelStream} from '../../../src/lib/host/kernel-stream.ts'
import {openLaneProcess} from '../../../src/lib/host/lane-process.ts'
import {POLL} from '../../../src/lib/host/libc.ts'
import {createPace} from '../../../src/lib/host/pace.ts'
import {openPacedPassage, openPassage} from '../../../src/lib/host/pass-on.ts'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {untilReady} from '../../../src/lib/host/poll.ts'
import {createStreamStages} from '../../../src/lib/host/stream-stages.ts'
import {anyFrom, anyTo, numberOf} from '../../any-stream.ts'
import {byteReader, byteWriter, createPipe as createSimulatedPipe} from '../../sim/process/pipe.ts'
import {failureOf, script, temporaryDirectory, testContext} from './helpers.ts'

const directory = temporaryDirectory()
afterAll(() => directory[Symbol.dispose]())
const {signal} = new AbortController()
const text = (read: Uint8Array | undefined) => read && new TextDecoder().decode(read)
const REASON = new OperationalError('peer-unreachable', 'no sign of life', {retryable: true})
/** Long enough for whoever wants to see the first record of a stream. */
const GREETING = Buffer.alloc(400, 'greeting of another lane;')

describe.each([
  ['a pipe of the kernel', createPipe],
  [
    'a pipe of the simulator',
    () => {
      const {reader, writer} = createSimulatedPipe(65_536)
      const noFd = () => -1
      return {reader: byteReader(reader, noFd), writer: byteWriter(writer, noFd, () => () => {})}
    },
  ],
])('%s', (_, create) => {
  test('is closed when the last that was lent of it is given back, and not before', async () => {
    const {reader, writer} = create()
    const [first, second] = [writer.stream.lend(), writer.stream.lend()]
    writer.close(REASON)
    let isLent = true
    const end = reader.read(1, signal).then((bytes) => ({bytes, isLent}))
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setTimeout(resolve, 1))
    isLent = false
    second[Symbol.dispose]()
    expect(await end).toEqual({bytes: undefined, isLent: false})
    reader.close()
  })

  test('tells whoever has been lent it why it is closed, also when that is known later', () => {
    const {reader, writer} = create()
    const lent = reader.stream.lend()
    reader.close()
    expect(lent.closed.aborted).toBe(false)
    reader.close(REASON)
    expect(lent.closed.reason).toBe(REASON)
    lent[Symbol.dispose]()
    writer.close()
  })

  test('is not lent any more once it is closed, and says why', () => {
    const {reader, writer} = create()
    reader.close(REASON)
    expect(() => reader.stream.lend()).toThrow(REASON)
    writer.close()
    expect(() => writer.stream.lend()).toThrow(Bug)
  })
})

test('a number is kept until it is given back, and never closed for its next owner', async () => {
  const {reader, writer} = createPipe()
  const lent = reader.stream.lend()
  const {fd} = lent
  const read = failureOf(reader.read(1, signal))
  reader.close(REASON)
  reader.close()
  expect(await read).toBe(REASON)
  const next = createPipe()
  expect([numberOf(next.reader.stream), numberOf(next.writer.stream)]).not.toContain(fd)
  lent[Symbol.dispose]()
  expect(() => fstatSync(fd)).toThrow('EBADF')

  const owner = createPipe()
  expect([numberOf(owner.reader.stream), numberOf(owner.writer.stream)]).toContain(fd)
  lent[Symbol.dispose]()
  reader.close()
  expect(fstatSync(fd).isFIFO()).toBe(true)
  for (const end of [writer, next.reader, next.writer, owner.reader, owner.writer]) end.close()
})

/** A connection to a shell script in the place of the peer. */
function open(source: string): LaneConnection {
  const path = script(directory.path, 'peer', source)
  const call = {peer: 'ssh root@backup:22', path, argv: [], environment: {}, dialTimeoutMs: 0}
  return openLaneProcess(testContext(), call, {grace: {termMs: 300, killMs: 300}})
}

/** Connections that get the numbers which are free now, and whose peers have greeted and repeat what they are told. */
async function openOthers(): Promise<readonly LaneConnection[]> {
  const lanes = Array.from({length: 3}, () => open(`printf '%s' '${GREETING}'; exec cat`))
  await Promise.all(lanes.map(untilSomethingIsThere))
  return lanes
}

async function untilSomethingIsThere({reader}: LaneConnection): Promise<void> {
  using lent = reader.stream.lend()
  await untilReady(lent.fd, POLL.in, [])
}

/** Nobody else has read from them or written to them. */
async function expectUntouched(lanes: readonly LaneConnection[]): Promise<void> {
  for (const lane of lanes) {
    expect(text(await lane.reader.read(GREETING.length, signal))).toBe(String(GREETING))
    await lane.writer.write(Buffer.from('ping'), signal)
    expect(text(await lane.reader.read(4, signal))).toBe('ping')
    await lane.close()
  }
}

/** Waits at its first bytes for the test to let them pass, whatever happens meanwhile. */
function heldPace(): {readonly pace: Pace; readonly reached: Promise<void>; release(): void} {
  const reached = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const take = async () => {
    reached.resolve()
    await released.promise
  }
  return {pace: {chunkBytes: 4096, take}, reached: reached.promise, release: released.resolve}
}

describe.each([
  ['moved by the kernel', kernelStream()],
  ['copied', undefined],
])('%s', (_, kernel) => {
  test('a paced receive from a connection that is burnt reads nothing of the next ones', async () => {
    const lane = open(`printf '%s' stream; exec sleep 60`)
    const {pace, reached, release} = heldPace()
    const passage = openPacedPassage({source: lane.reader.stream, pace}, {kernel})
    const receive = Bun.spawn(['cat'], {stdio: [numberOf(passage.stream), 'pipe', 'inherit']})
    const passed = failureOf(passage.run(testContext()))
    await reached
    lane.burn(REASON)
    const others = await openOthers()
    release()
    expect(await passed).toBe(REASON)
    expect(await receive.stdout.text()).toBe('')
    await expectUntouched(others)
  })

  test('and does not wait for its pace first', async () => {
    const lane = open(`head -c 5000 /dev/zero; exec sleep 60`)
    const asleep = Promise.withResolvers<void>()
    const {clock} = testContext()
    const ctx = testContext({
      ...clock,
      sleep(ms, signal) {
        if (ms > 60_000) asleep.resolve()
        return clock.sleep(ms, signal)
      },
    })
    const pace = createPace({bytesPerSecond: 1, bucketBytes: 4096})
    await pace.take(ctx, 4096)
    const passage = openPacedPassage(
      {source: lane.reader.stream, pace: {...pace, chunkBytes: 4096}},
      {kernel},
    )
    const receive = Bun.spawn(['cat'], {stdio: [numberOf(passage.stream), 'pipe', 'inherit']})
    const passed = failureOf(passage.run(ctx))
    await asleep.promise
    lane.burn(REASON)
    expect(await passed).toBe(REASON)
    expect(await receive.exited).toBe(0)
  })

  test('pieces of a compressed stream are not looked for on the next connections', async () => {
    // A piece of 1000 bytes, of which 10 come.
    const lane = open(`printf '\\000\\000\\003\\3500123456789'; exec sleep 60`)
    const behind = createPipe()
    const passed = failureOf(readChunks(testContext(), lane.reader.stream, behind.writer, {kernel}))
    expect(text(await behind.reader.read(10, signal))).toBe('0123456789')
    lane.burn(REASON)
    const others = await openOthers()
    expect(await passed).toBe(REASON)
    behind.writer.close()
    expect(await behind.reader.read(1, signal)).toBeUndefined()
    behind.reader.close()
    await expectUntouched(others)
  })

  test('a stream to a peer that floods us does not go to the next one', async () => {
    const lane = open(`read -r go; exec yes '{}' >&2`)
    const {pace, reached, release} = heldPace()
    const passage = openPassage({...anyTo(lane.writer.stream), pace}, {kernel})
    const send = Bun.spawn(['printf', 'stream'], {stdio: ['ignore', numberOf(passage.stream), 'inherit']})
    const passed = failureOf(passage.run(testContext()))
    await reached
    await lane.writer.write(Buffer.from('go\n'), signal)
    await lane.gone
    const others = await openOthers()
    release()
    expect(await passed).toMatchObject({code: 'peer-protocol'})
    expect(await send.exited).toBe(0)
    await expectUntouched(others)
  })

  test('nor do pieces of it', async () => {
    const lane = open('exec sleep 60')
    const before = createPipe()
    const passed = failureOf(writeChunks(testContext(), before.reader, lane.writer.stream, {kernel}))
    lane.burn(REASON)
    const others = await openOthers()
    await before.writer.write(Buffer.from('stream'), signal)
    expect(await passed).toBe(REASON)
    before.writer.close()
    before.reader.close()
    await expectUntouched(others)
  })
})

test.skipIf(kernelStream() === undefined)(
  'what waits for a first record does not see that of the next connection',
  async () => {
    const lane = open(`printf '%s' strea; exec sleep 60`)
    await untilSomethingIsThere(lane)
    const seen: string[] = []
    const inspect: Inspect = (head) => {
      seen.push(String(Buffer.from(head)))
      return head.length < 312 ? {kind: 'more', bytes: 312} : {kind: 'admitted'}
    }
    const admitted = failureOf(admit(testContext(), {...anyFrom(lane.reader.stream), inspect}))
    lane.burn(REASON)
    const others = await openOthers()
    expect(await admitted).toBe(REASON)
    expect(seen).toEqual([''])
    await expectUntouched(others)
  },
)

test('a stage behind a connection that is burnt fails with the reason', async () => {
  const lane = open(`printf '\\000\\000\\003\\3500123456789'; exec sleep 60`)
  const zstd = script(directory.path, 'zstd', 'exec cat')
  const stage = createStreamStages({zstd}).decompress(testContext(), 'zstd', lane.reader.stream)
  const receive = Bun.spawn(['cat'], {stdio: [numberOf(stage.stream), 'pipe', 'inherit']})
  lane.burn(REASON)
  await receive.stdout.text()
  expect(await stage.stop()).toBe(REASON)
})
