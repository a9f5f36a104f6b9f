import {closeSync, readSync, writeSync} from 'node:fs'
import {
  decodeMessage,
  encodeMessage,
  LENGTH_BYTES,
  type LibraryRequest,
  readLength,
} from '../../../src/lib/host/library-message.ts'
import {descriptorPassing} from '../../../src/lib/host/pass-descriptor.ts'

/**
 * Stands in for the child that calls libzfs_core: what the snapshot is called says what becomes of its stream. It is
 * `HEADER`, in hexadecimal digits, and a thousand bytes more.
 */
const [header = ''] = process.argv.slice(2)
const stream = Buffer.concat([Buffer.from(header, 'hex'), Buffer.alloc(1000, 7)])

say({ready: true})
for (let request = next(); request !== undefined; request = next()) say(answerTo(request))

function answerTo(request: LibraryRequest): unknown {
  if (request.operation === 'sees') return request.pool !== 'unseen'
  if (request.operation === 'measure') return {errno: 0, bytes: '18446744073709551615'}
  if (request.operation !== 'send' && request.operation !== 'receive') return {errno: 0, errors: {}}
  const fd = descriptorPassing()?.take(0)
  if (fd === undefined) return {errno: 9}
  const {to} = request.operation === 'send' ? request.stream : request
  const errno = request.operation === 'send' ? write(fd, to) : read(fd)
  closeSync(fd)
  return {errno}
}

function write(fd: number, to: string): number {
  if (to.endsWith('@fails')) return 13
  if (to.endsWith('@stays')) for (;;) writeAll(fd, stream)
  try {
    writeAll(fd, stream)
  } catch {
    return 32
  }
  if (to.endsWith('@dies')) process.exit(1)
  return 0
}

function read(fd: number): number {
  return readExactly(fd, stream.length)?.equals(stream) === true ? 0 : 52
}

function next(): LibraryRequest | undefined {
  const length = readExactly(0, LENGTH_BYTES)
  const body = length && readExactly(0, readLength(length))
  return body && decodeMessage<LibraryRequest>(body)
}

function readExactly(fd: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length)
  for (let filled = 0; filled < length; ) {
    const count = readSync(fd, bytes, filled, length - filled, null)
    if (count === 0) return undefined
    filled += count
  }
  return bytes
}

function say(message: unknown): void {
  writeAll(1, encodeMessage(message))
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written)
}
