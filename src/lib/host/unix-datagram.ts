import {FFIType, ptr} from 'bun:ffi'
import {openLibc} from './libc.ts'

/** What became of a datagram: an errno of `sendto(2)`, or 0. */
export type Errno = number

/** Nobody can be there: the path is none. */
export const ENOENT: Errno = 2

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2000000 | 0o4000
const MSG_NOSIGNAL = 0x4000
/** `sun_path` of Linux. */
const MAX_PATH_BYTES = 108

/**
 * Sends datagrams to the socket at `path`, or at an abstract name after `@`. Never waits: a receiver that is not there or does
 * not read does not get it. Linux only; elsewhere, and for anything that is no address, nobody is there.
 */
export function createDatagramSender(path: string): (message: string | Uint8Array) => Errno {
  const address = process.platform === 'linux' ? addressOf(path) : undefined
  if (address === undefined) return () => ENOENT
  const {symbols, errno} = openLibc({
    socket: {args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32},
    sendto: {
      args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
      returns: FFIType.i64,
    },
  })
  const fd = symbols.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0)
  if (fd < 0) return () => ENOENT
  return (message) => {
    const bytes = Buffer.from(message)
    const sent = symbols.sendto(fd, ptr(bytes), bytes.length, MSG_NOSIGNAL, ptr(address), address.length)
    return Number(sent) < 0 ? errno() : 0
  }
}

/** The `struct sockaddr_un` of an absolute path, or of an abstract name after `@`; `undefined` for anything else. */
function addressOf(path: string): Uint8Array | undefined {
  const name = Buffer.from(path)
  if (!/^[/@]./.test(path) || name.length >= MAX_PATH_BYTES) return undefined
  const address = Buffer.alloc(2 + name.length)
  address.writeUInt16LE(AF_UNIX)
  name.copy(address, 2)
  if (path.startsWith('@')) address[2] = 0
  return address
}
