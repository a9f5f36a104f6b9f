import {mkdtempSync, rmSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {createMovedBytes} from '../../../src/lib/host/moved-bytes.ts'

const BYTES = 3_000_000
/** What a program reads when it starts. */
const START = 100_000

/** Sends `BYTES` through `argv`, counts, and counts again when it has ended. */
async function countThrough(moved: ReturnType<typeof createMovedBytes>, argv: readonly string[]) {
  const child = Bun.spawn([...argv], {stdin: 'pipe', stdout: 'pipe', stderr: 'ignore'})
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
  expect(moved()).toEqual(during)
  return {stream: Number(during?.stream), any: Number(during?.any)}
}

test('a connection counts for what it carries, until a receive counts for what it reads', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-moved-'))
  const zfs = join(directory, 'zfs')
  symlinkSync('/bin/cat', zfs)
  try {
    const moved = createMovedBytes()
    expect(moved()).toEqual({stream: 0n, any: 0n})
    const carried = await countThrough(moved, ['cat'])
    expect(carried.stream).toBeGreaterThanOrEqual(BYTES)
    expect(carried.stream).toBeLessThan(BYTES + START)
    expect(carried.any).toBeGreaterThanOrEqual(2 * BYTES)
    // A send is known by what it is sent through.
    const sent = await countThrough(moved, [zfs, 'send', '-'])
    expect(sent.stream).toBe(carried.stream)
    expect(sent.any).toBeGreaterThanOrEqual(4 * BYTES)
    // Two levels below us, as a local sink's is.
    const received = await countThrough(moved, ['sh', '-c', `${zfs} receive -; true`])
    expect(received.stream).toBeGreaterThanOrEqual(BYTES)
    expect(received.stream).toBeLessThan(BYTES + START)
  } finally {
    rmSync(directory, {recursive: true})
  }
})

test('of a process that is gone nothing is known', () => {
  expect(createMovedBytes(2 ** 22 + 1)()).toBeUndefined()
})
