import {expect, test} from 'vitest'
import type {ByteReader} from '../../../src/lib/core/stream.ts'
import {encodeFrame, MAX_BODY_BYTES, readFrame} from '../../../src/lib/rpc/frame.ts'
import {NO_STREAM} from '../../any-stream.ts'
import {bytes, createConnection, NEVER} from './pipes.ts'

test('a frame arrives as it was sent, and what follows it stays in the pipe', async () => {
  const {client, server} = createConnection()
  await client.writer.write(encodeFrame('request', {guid: '18446744073709551615', name: 'a b'}), NEVER)
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

/** A frame around a body that is JSON already. */
function frameOf(json: string): Uint8Array {
  const frame = new Uint8Array(12 + json.length)
  frame.set(encodeFrame('response', {}).subarray(0, 12))
  new DataView(frame.buffer).setUint32(8, json.length)
  frame.set(bytes(json), 12)
  return frame
}

const many = (unit: string) => `{"id":1,"all":[${Array<string>(20_000).fill(unit).join()}]}`

test.each([
  ['empty arrays', '[]'],
  ['empty objects', '{}'],
  ['arrays in arrays', '[[0]]'],
])('a frame that would take far more memory than bytes is not parsed: %s', async (_, unit) => {
  const reading = readFrame(readerOf(frameOf(many(unit))), 'response', NEVER)
  await expect(reading).rejects.toMatchObject({
    code: 'peer-protocol',
    message: expect.stringMatching(/with more than \d+ arrays and objects/),
  })
})

test.each([
  ['outcomes', '{"kind":"done"}', 0],
  ['versions', '["b","a","7","7",0,0,""]', 0],
  ['holds', '{"snapshot":"a","tags":["b"]}', 0],
  ['requests', '{"filesystem":"a","to":"7"}', 0],
  ['estimates that nobody can make, as many as were asked for', '{}', 20_000],
])('what is as short as can be is parsed: %s', async (_, unit, objects) => {
  const limits = {bytes: MAX_BODY_BYTES.response, objects}
  const body = await readFrame(readerOf(frameOf(many(unit))), 'response', NEVER, {limits})
  expect((body as {all: unknown[]}).all).toHaveLength(20_000)
})

test('brackets in words are no arrays, as long as they are few', async () => {
  const body = {message: '[{'.repeat(500)}
  expect(await readFrame(readerOf(encodeFrame('response', body)), 'response', NEVER)).toEqual(body)
})

test('what is longer than what was asked for may be is neither read nor sent', async () => {
  const limits = {bytes: 100, objects: 0}
  const long = encodeFrame('response', {message: 'x'.repeat(100)})
  await expect(readFrame(readerOf(long), 'response', NEVER, {limits})).rejects.toThrow(
    'the peer announced a response of 114 bytes; at most 100 are accepted',
  )
  expect(() => encodeFrame('response', {message: 'x'.repeat(100)}, limits)).toThrow('too long to send')
})

function readerOf(frame: Uint8Array): ByteReader {
  let at = 0
  return {
    async read(length) {
      at += length
      return frame.subarray(at - length, at)
    },
    stream: NO_STREAM,
  }
}
