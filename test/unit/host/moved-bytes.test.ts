import {expect, test} from 'vitest'
import {createMovedBytes} from '../../../src/lib/host/moved-bytes.ts'

const BYTES = 3_000_000

test('counts what children of children read and write, and forgets nothing when they end', async () => {
  const moved = createMovedBytes()
  const before = moved()
  if (before === undefined) throw new Error('this test needs /proc')
  const child = Bun.spawn(['sh', '-c', 'cat; true'], {stdin: 'pipe', stdout: 'pipe'})
  child.stdin.write(new Uint8Array(BYTES))
  let read = 0
  for await (const chunk of child.stdout) {
    read += chunk.byteLength
    if (read === BYTES) break
  }
  const during = moved() ?? 0n
  expect(during - before).toBeGreaterThanOrEqual(2n * BigInt(BYTES))
  child.stdin.end()
  await child.exited
  expect(moved()).toBe(during)
})

test('of a process that is gone nothing is known', () => {
  expect(createMovedBytes(2 ** 22 + 1)()).toBeUndefined()
})
