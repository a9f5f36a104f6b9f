import {readSync, writeSync} from 'node:fs'
import {
  decodeMessage,
  encodeMessage,
  LENGTH_BYTES,
  type LibraryRequest,
  readLength,
} from './library-message.ts'
import {type LibZfsCore, openLibZfsCore} from './libzfs-core.ts'

/**
 * The child in which libzfs_core is called: one blocking call after the other for whoever is at the other end of stdin
 * and stdout, until that closes. It has nothing else to do, so whatever hangs in the kernel hangs here alone.
 */
export function serveLibrary(): number {
  const opened = tryOpen()
  send('library' in opened ? {ready: true} : {ready: false, because: opened.because})
  if (!('library' in opened)) return 1
  for (let request = receive(); request !== undefined; request = receive()) {
    send(opened.library.call(request) ?? null)
  }
  return 0
}

function tryOpen(): {readonly library: LibZfsCore} | {readonly because: string} {
  try {
    return {library: openLibZfsCore()}
  } catch (error) {
    return {because: error instanceof Error ? error.message : String(error)}
  }
}

function receive(): LibraryRequest | undefined {
  const length = readExactly(LENGTH_BYTES)
  const body = length && readExactly(readLength(length))
  return body && decodeMessage<LibraryRequest>(body)
}

/** `undefined` at the end of the input, wherever that is: nobody waits for an answer any more. */
function readExactly(length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(0, bytes, filled, length - filled, null)
    if (count === 0) return undefined
    filled += count
  }
  return bytes
}

function send(message: unknown): void {
  const bytes = encodeMessage(message)
  for (let written = 0; written < bytes.length; ) written += writeSync(1, bytes, written)
}
