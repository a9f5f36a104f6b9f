import {mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {LIBRARY_WORD} from '../../../src/lib/host/library-child.ts'
import {STREAM_NAMES} from '../../../src/lib/host/library-message.ts'
import {createMovedBytes} from '../../../src/lib/host/moved-bytes.ts'

const BYTES = 3_000_000
/** What a program reads when it starts. */
const START = 100_000

/** Sends `BYTES` through `argv`, counts, and counts again when it has ended. */
async function countThrough(moved: ReturnType<typeof createMovedBytes>, argv: readonly string[], cwd = '/') {
  const child = Bun.spawn([...argv], {cwd, stdin: 'pipe', stdout: 'pipe', stderr: 'ignore'})
  moved()
  const written = child.stdin.write(new Uint8Array(BYTES))
  let read = 0
  for await (const chunk of child.stdout) {
    read += chunk.byteLength
    if (read === BYTES) break
  }
  const during = moved()
  await written
  await child.stdin.end()
  await child.exited
  const after = moved()
  expect([after?.stream, after?.any]).toEqual([during?.stream, during?.any])
  expect(after?.byCarrier.has(child.pid)).toBe(false)
  return {
    stream: Number(during?.stream),
    any: Number(during?.any),
    /** Of this child as a connection. */
    carried: during?.byCarrier.get(child.pid),
  }
}

test('a connection counts for what it carries, until a receive counts for what it reads', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-moved-'))
  const zfs = join(directory, 'zfs')
  symlinkSync('/bin/cat', zfs)
  try {
    // Everything is up at once.
    let now = 0
    const moved = createMovedBytes(process.pid, () => (now += 2000))
    expect(moved()).toEqual({stream: 0n, any: 0n, byCarrier: new Map()})
    const carried = await countThrough(moved, ['cat'])
    expect(carried.stream).toBeGreaterThanOrEqual(BYTES)
    expect(carried.stream).toBeLessThan(BYTES + START)
    expect(carried.any).toBeGreaterThanOrEqual(2 * BYTES)
    expect(carried.carried).toBe(BigInt(carried.stream))
    // A send is known by what it is sent through.
    const sent = await countThrough(moved, [zfs, 'send', '-'])
    expect(sent.stream).toBe(carried.stream)
    expect(sent.any).toBeGreaterThanOrEqual(4 * BYTES)
    expect(sent.carried).toBeUndefined()
    // Two levels below us, as a local sink's is.
    const received = await countThrough(moved, ['sh', '-c', `${zfs} receive -; true`])
    expect(received.stream).toBeGreaterThanOrEqual(BYTES)
    expect(received.stream).toBeLessThan(BYTES + START)
  } finally {
    rmSync(directory, {recursive: true})
  }
})

test('where streams are compressed for the peer, they count by their length before that', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-moved-'))
  const zstd = join(directory, 'zstd')
  symlinkSync('/bin/cat', zstd)
  try {
    let now = 0
    const moved = createMovedBytes(process.pid, () => (now += 2000))
    await countThrough(moved, ['cat'])
    const {stream} = await countThrough(moved, [zstd])
    expect(stream).toBeGreaterThanOrEqual(BYTES)
    expect(stream).toBeLessThan(BYTES + START)
  } finally {
    rmSync(directory, {recursive: true})
  }
})

test('the child for libzfs_core counts once it receives, and is no connection before', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-moved-'))
  const through = async (moved: ReturnType<typeof createMovedBytes>, name: string) => {
    writeFileSync(
      join(directory, LIBRARY_WORD),
      `open(C, '>/proc/self/comm'); print C '${name}'; close(C);
while (sysread(STDIN, $b, 65536)) { syswrite(STDOUT, $b) }`,
    )
    return await countThrough(moved, ['perl', LIBRARY_WORD], directory)
  }
  try {
    let now = 0
    const moved = createMovedBytes(process.pid, () => (now += 2000))
    const sent = await through(moved, STREAM_NAMES.send)
    expect(sent.stream).toBe(0)
    expect(sent.any).toBeGreaterThanOrEqual(2 * BYTES)
    const received = await through(moved, STREAM_NAMES.receive)
    expect(received.stream).toBeGreaterThanOrEqual(BYTES)
    expect(received.stream).toBeLessThan(BYTES + START)
  } finally {
    rmSync(directory, {recursive: true})
  }
})

test('a connection to this host counts for what is received behind it, and not when it sends', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-moved-'))
  const zfs = join(directory, 'zfs')
  symlinkSync('/bin/cat', zfs)
  const served = async (script: string) => {
    writeFileSync(join(directory, 'stdinserver'), `${script}; true`)
    return await countThrough(createMovedBytes(), ['sh', 'stdinserver'], directory)
  }
  try {
    expect(await served('cat')).toMatchObject({carried: 0n, stream: 0})
    const received = await served(`${zfs} receive -`)
    expect(received.stream).toBeGreaterThanOrEqual(BYTES)
    expect(received.carried).toBe(BigInt(received.stream))
    expect((await served(`${zfs} send -`)).carried).toBeUndefined()

    writeFileSync(
      join(directory, 'stdinserver'),
      'while (sysread(STDIN, $b, 65536)) { syswrite(STDOUT, $b) }',
    )
    let now = 0
    const upAtOnce = createMovedBytes(process.pid, () => (now += 2000))
    expect((await countThrough(upAtOnce, ['perl', 'stdinserver'], directory)).any).toBe(0)
  } finally {
    rmSync(directory, {recursive: true})
  }
})

test('what a program moves until it is up proves nothing', async () => {
  let now = 0
  const moved = createMovedBytes(process.pid, () => now)
  const child = Bun.spawn(['cat'], {stdin: 'pipe', stdout: 'pipe', stderr: 'ignore'})
  const reader = child.stdout.getReader()
  const move = async () => {
    const written = child.stdin.write(new Uint8Array(BYTES))
    for (let read = 0; read < BYTES; ) read += (await reader.read()).value?.length ?? 0
    await written
    return Number(moved()?.any)
  }
  moved()
  now = 1999
  expect(await move()).toBe(0)
  now = 2000
  expect(await move()).toBe(2 * BYTES)
  await child.stdin.end()
  await child.exited
  expect(Number(moved()?.any)).toBe(2 * BYTES)
})

test('of a process that is gone nothing is known', () => {
  expect(createMovedBytes(2 ** 22 + 1)()).toBeUndefined()
})
