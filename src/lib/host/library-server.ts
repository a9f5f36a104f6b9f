import {FFIType} from 'bun:ffi'
import {closeSync, readSync, writeFileSync, writeSync} from 'node:fs'
import {STREAM_HEADER_BYTES} from '../zfs/stream-header.ts'
import {openLibc} from './libc.ts'
import {
  decodeMessage,
  encodeMessage,
  LENGTH_BYTES,
  type LibraryRequest,
  type LibraryStream,
  readLength,
  STREAM_NAMES,
  type StreamEnd,
} from './library-message.ts'
import {type LibZfsCore, openLibZfsCore} from './libzfs-core.ts'
import {descriptorPassing} from './pass-descriptor.ts'

/**
 * The child in which libzfs_core is called: one blocking call after the other for whoever is at the other end of stdin
 * and stdout, until that closes. It has nothing else to do, so whatever hangs in the kernel hangs here alone. Whoever
 * has started it takes it along when it is killed: a stream could go on for days.
 */
export function serveLibrary(): number {
  dieWithParent()
  const opened = tryOpen()
  say('library' in opened ? {ready: true} : {ready: false, because: opened.because})
  if (!('library' in opened)) return 1
  for (let request = receive(); request !== undefined; request = receive()) {
    say(answerTo(opened.library, request))
  }
  return 0
}

const PR_SET_PDEATHSIG = 1
const SIGKILL = 9

/**
 * By SIGKILL, which ends a process that has been stopped too; there is nothing to tidy up. Who has gone before this is
 * noticed by the end of stdin.
 */
function dieWithParent(): void {
  if (process.platform !== 'linux') return
  const {symbols} = openLibc({prctl: {args: [FFIType.i32, FFIType.u64], returns: FFIType.i32}})
  symbols.prctl(PR_SET_PDEATHSIG, BigInt(SIGKILL))
}

function tryOpen(): {readonly library: LibZfsCore} | {readonly because: string} {
  try {
    return {library: openLibZfsCore()}
  } catch (error) {
    return {because: error instanceof Error ? error.message : String(error)}
  }
}

function answerTo(library: LibZfsCore, request: LibraryRequest): unknown {
  switch (request.operation) {
    case 'sees':
      return library.sees(request.pool)
    case 'measure':
      return library.measure(request.stream)
    case 'send':
    case 'receive':
      return stream(library, request)
    default:
      return library.sees(request.pool) ? library.change(request) : 'unseen'
  }
}

/** The descriptor is closed before the answer: who reads at the other end has to see the end of the stream. */
function stream(library: LibZfsCore, request: LibraryStream): StreamEnd {
  const fd = descriptorPassing()?.take(0)
  if (fd === undefined) return {errno: EBADF}
  try {
    nameProcess(STREAM_NAMES[request.operation])
    if (request.operation === 'send') return {errno: library.send(request.stream, fd)}
    // The judged record is in our hands; the same bytes are still in the pipe.
    return readExactly(fd, STREAM_HEADER_BYTES) === undefined
      ? {errno: EIO}
      : {errno: library.receive(request, fd)}
  } finally {
    closeSync(fd)
  }
}

const EIO = 5
const EBADF = 9

function nameProcess(name: string): void {
  try {
    writeFileSync('/proc/self/comm', name)
  } catch {
    // It is for those who look. Without /proc nobody does.
  }
}

function receive(): LibraryRequest | undefined {
  const length = readExactly(0, LENGTH_BYTES)
  const body = length && readExactly(0, readLength(length))
  return body && decodeMessage<LibraryRequest>(body)
}

/** `undefined` at the end of the input, wherever that is: nobody waits for an answer any more. */
function readExactly(fd: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(fd, bytes, filled, length - filled, null)
    if (count === 0) return undefined
    filled += count
  }
  return bytes
}

function say(message: unknown): void {
  const bytes = encodeMessage(message)
  for (let written = 0; written < bytes.length; ) written += writeSync(1, bytes, written)
}
