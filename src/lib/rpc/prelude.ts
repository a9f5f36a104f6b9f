import {OperationalError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {ByteReader, ByteWriter} from '../core/stream.ts'
import {
  BANNER_BYTES,
  greeting,
  HELLO,
  LANES_EXTENSION,
  PROTOCOL_VERSION,
  padded,
  SERVER_HELLO,
} from './hello.ts'

/**
 * What both sides say before the first frame: zrepl's own ssh banner and version handshake, with an extension line
 * that announces lanes. A Go zrepl on the other side is thereby recognised and named instead of being confused.
 */
const BEGIN = 'SSHCON_BEGIN'
const PROXY_ERROR = 'SSHCON_PROXY_ERROR'
/** Length prefix of the handshake: ten digits and a space. */
const PREFIX_BYTES = 11
const MAX_HANDSHAKE_BYTES = 16 * 1024
/** A login shell may greet before the forced command starts; more than this is not a greeting. */
const MAX_NOISE_BYTES = 4096

const CLIENT_GREETING = bytesOf(greeting(BEGIN))
const SERVER_GREETING = bytesOf(SERVER_HELLO)

/** Active side: waits for the banner, then begins. One round trip. Throws `peer-protocol` or `peer-unreachable`. */
export async function greetAsClient(
  reader: ByteReader,
  writer: ByteWriter,
  signal: AbortSignal,
): Promise<void> {
  await awaitHello(reader, signal)
  await writer.write(CLIENT_GREETING, signal)
  await readHandshake(reader, signal)
}

/** Passive side: says hello and reads what the client begins with. Throws `peer-protocol`. */
export async function greetAsServer(
  reader: ByteReader,
  writer: ByteWriter,
  signal: AbortSignal,
): Promise<void> {
  await writer.write(SERVER_GREETING, signal)
  await awaitBegin(reader, signal)
}

/** Passive side that has said hello: reads what the client begins with. Throws `peer-protocol`. */
export async function awaitBegin(reader: ByteReader, signal: AbortSignal): Promise<void> {
  const begin = text(await mustRead(reader, BANNER_BYTES, signal))
  if (begin !== padded(BEGIN))
    throw new OperationalError('peer-protocol', `the client began with '${printable(begin)}'`)
  await readHandshake(reader, signal)
}

async function awaitHello(reader: ByteReader, signal: AbortSignal): Promise<void> {
  let seen = text(await mustRead(reader, BANNER_BYTES, signal))
  while (!seen.endsWith(padded(HELLO))) {
    if (seen.includes(PROXY_ERROR)) {
      throw new OperationalError(
        'peer-refused',
        'the peer is a zrepl daemon proxy whose daemon does not answer',
        {
          hint: 'the peer runs the Go zrepl; install this zrepl there',
        },
      )
    }
    if (seen.length > MAX_NOISE_BYTES + BANNER_BYTES || seen.includes('\x1b')) throw notZrepl(seen)
    seen += text(await mustRead(reader, 1, signal, seen))
  }
}

async function readHandshake(reader: ByteReader, signal: AbortSignal): Promise<void> {
  const prefix = text(await mustRead(reader, PREFIX_BYTES, signal))
  if (!/^[0-9]{10} $/.test(prefix)) throw notZrepl(prefix)
  const length = Number(prefix)
  if (length === 0 || length > MAX_HANDSHAKE_BYTES) throw notZrepl(prefix)
  checkHandshake(text(await mustRead(reader, length, signal)))
}

function checkHandshake(message: string): void {
  const match = /^ZREPL_ZFS_REPLICATION PROTOVERSION=(\d{4}) EXTENSIONS=(\d{4})\n/.exec(message)
  if (match === null) throw notZrepl(message)
  const theirs = Number(match[1])
  if (theirs !== PROTOCOL_VERSION) {
    throw new OperationalError(
      'peer-protocol',
      `protocol versions do not match: ours is ${PROTOCOL_VERSION}, theirs is ${theirs}`,
    )
  }
  const extensions = message.slice(match[0].length).split('\n')
  if (extensions.pop() !== '' || extensions.length !== Number(match[2])) throw notZrepl(message)
  if (extensions.includes(LANES_EXTENSION)) return
  const lanes = extensions.find((extension) => extension.startsWith('lanes='))
  if (lanes !== undefined) {
    throw new OperationalError(
      'peer-protocol',
      `the peer speaks other lanes than we do: ours are '${LANES_EXTENSION}', theirs '${printable(lanes.slice(0, 40))}'`,
      {hint: 'install the same version of zrepl on both sides'},
    )
  }
  throw new OperationalError(
    'peer-protocol',
    'the peer is a Go zrepl: it speaks protocol version 7 but not lanes',
    {
      hint: 'install this zrepl on the peer as well; both can use the same jobs, bookmarks and holds',
    },
  )
}

/** The banner and the handshake behind it. */
function bytesOf(words: string): Uint8Array {
  return new TextEncoder().encode(words)
}

function text(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}

async function mustRead(
  reader: ByteReader,
  length: number,
  signal: AbortSignal,
  seen = '',
): Promise<Uint8Array> {
  const bytes = await reader.read(length, signal)
  if (bytes === undefined) {
    const said = seen === '' ? '' : `; it said '${printable(seen)}'`
    throw new OperationalError(
      'peer-unreachable',
      `the peer closed the connection before it greeted${said}`,
      {retryable: true},
    )
  }
  return bytes
}

function notZrepl(said: string): OperationalError {
  return new OperationalError(
    'peer-protocol',
    `the peer did not greet as zrepl; it said '${printable(said.slice(0, 200))}'`,
    {
      hint: 'check the forced command in authorized_keys: command="zrepl stdinserver CLIENT_IDENTITY",restrict',
    },
  )
}
