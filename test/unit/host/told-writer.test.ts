import {expect, test} from 'vitest'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {createToldWriter} from '../../../src/lib/host/told-writer.ts'
import {numberOf} from '../../any-stream.ts'

const {signal} = new AbortController()
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)

test('lines go out at once, in order', async () => {
  const {reader, writer} = createPipe()
  const told = createToldWriter(numberOf(writer.stream))
  told.write('a\n')
  told.write('b\n')
  expect(text(await reader.read(4, signal))).toBe('a\nb\n')
  await told.close()
})

test('nobody waits for a reader that does not read: some wait for it, the rest is lost', async () => {
  const {reader, writer} = createPipe()
  const told = createToldWriter(numberOf(writer.stream), 200_000)
  const lines = Array.from({length: 400}, (_, index) => `${index}${'x'.repeat(9_000)}\n`)
  for (const line of lines) told.write(line)
  const read = (async () => {
    let all = ''
    for (;;) {
      const some = await reader.readSome(65_536, signal)
      if (some === undefined) return all
      all += text(some)
    }
  })()
  await told.close()
  writer.close()
  const kept = (await read).split('\n').slice(0, -1)
  expect(kept.length).toBeGreaterThan(20)
  expect(kept.length).toBeLessThan(400)
  expect(kept).toEqual(lines.slice(0, kept.length).map((line) => line.trim()))
})

test('a reader that has gone is nobody’s failure', async () => {
  const {reader, writer} = createPipe()
  reader.close()
  const told = createToldWriter(numberOf(writer.stream))
  told.write('a\n')
  await told.close()
})
