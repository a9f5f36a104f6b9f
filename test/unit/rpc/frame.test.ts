import {expect, test} from 'vitest'
import {encodeFrame, MAX_BODY_BYTES, readFrame, writeFrame} from '../../../src/lib/rpc/frame.ts'
import {bytes, createConnection, NEVER} from './pipes.ts'

test('a frame arrives as it was sent, and what follows it stays in the pipe', async () => {
  const {client, server} = createConnection()
  await writeFrame(client.writer, 'request', {guid: '18446744073709551615', name: 'a b'}, NEVER)
  await client.writer.write(bytes('stream'), NEVER)
  expect(await readFrame(server.reader, 'request', NEVER)).toEqual({
    guid: '18446744073709551615',
    name: 'a b',
  })
  expect(await server.reader.read(6, NEVER)).toEqual(bytes('stream'))
})

test('a connection closed between frames is a clean end', async () => {
  const {client, server} = createConnection()
  client.hangUp()
  expect(await readFrame(server.reader, 'request', NEVER)).toBeUndefined()
})

const good = encodeFrame('request', {a: 1})
const changed = (offset: number, ...values: number[]) => {
  const frame = good.slice()
  frame.set(values, offset)
  return frame
}

test.each([
  ['another magic', changed(0, 0x41), 'not a frame'],
  ['a newer format', changed(4, 2), 'format 2'],
  ['a response where a request is due', encodeFrame('response', {a: 1}), 'not a request'],
  ['bits that must be zero', changed(6, 1), 'not a request'],
  ['no body', changed(8, 0, 0, 0, 0), '0 bytes'],
  ['more than is accepted', changed(8, 0xff, 0xff, 0xff, 0xff), '4294967295 bytes'],
  ['a body that is not JSON', changed(12, 0x5b), 'not JSON'],
  ['a body that is not UTF-8', changed(13, 0xff), 'not JSON'],
])('%s closes the connection', async (_, frame, words) => {
  const {client, server} = createConnection()
  await client.writer.write(frame, NEVER)
  await expect(readFrame(server.reader, 'request', NEVER)).rejects.toMatchObject({
    code: 'peer-protocol',
    message: expect.stringContaining(words),
  })
})

test.each([1, 11, 12, good.length - 1])(
  'a connection cut after %i bytes is not a clean end',
  async (length) => {
    const {client, server} = createConnection()
    await client.writer.write(good.slice(0, length), NEVER)
    client.hangUp()
    await expect(readFrame(server.reader, 'request', NEVER)).rejects.toMatchObject({
      code: expect.stringMatching(/^peer-/),
    })
  },
)

test('a request longer than the other side accepts is not sent', () => {
  expect(() => encodeFrame('request', 'x'.repeat(MAX_BODY_BYTES.request))).toThrow('too long')
})
