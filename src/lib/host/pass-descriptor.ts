import {FFIType, ptr} from 'bun:ffi'
import {OperationalError} from '../core/errors.ts'
import {openLibc} from './libc.ts'

/**
 * A connected pair of sockets over which one process gives another a descriptor (unix(7), SCM_RIGHTS): the other gets a
 * copy of its own, as a child does of what it inherits, but at any time and for as long as it needs it.
 */
export type DescriptorPassing = {
  /** Two connected sockets that no child inherits by accident. Throws `host`. */
  pair(): {readonly fd: number; readonly otherFd: number}
  /** Puts a copy of `fd` behind what was written to `socket`, with one byte. Throws `peer-unreachable`, or `host`. */
  give(socket: number, fd: number): void
  /** Waits for the byte that comes with a descriptor; `undefined` when it never will. The descriptor is ours to close. */
  take(socket: number): number | undefined
}

/** `undefined` where the system is not Linux: its structures are laid out otherwise. */
export function descriptorPassing(): DescriptorPassing | undefined {
  if (process.platform !== 'linux') return undefined
  opened ??= bind()
  return opened
}

let opened: DescriptorPassing | undefined

const AF_UNIX = 1
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_NOSIGNAL = 0x4000
const EPIPE = 32
/** Places in one block of memory: struct msghdr, its only struct iovec, room for one descriptor (CMSG_SPACE), the byte. */
const AT = {
  vector: 16,
  vectors: 24,
  control: 32,
  controlLength: 40,
  iovec: 56,
  cmsg: 72,
  descriptor: 88,
  byte: 96,
} as const
const BLOCK_BYTES = 97
const CMSG_SPACE = 24n
const CMSG_LEN = 20n

function bind(): DescriptorPassing {
  const {symbols, errno} = openLibc({
    socketpair: {args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr], returns: FFIType.i32},
    sendmsg: {args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i64},
    recvmsg: {args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i64},
  })

  /** One byte, and room for one descriptor beside it: in one block, so that it lives and dies as a whole. */
  function message() {
    const bytes = new Uint8Array(new ArrayBuffer(BLOCK_BYTES))
    const block = new DataView(bytes.buffer)
    const start = BigInt(ptr(bytes))
    block.setBigUint64(AT.vector, start + BigInt(AT.iovec), true)
    block.setBigUint64(AT.vectors, 1n, true)
    block.setBigUint64(AT.control, start + BigInt(AT.cmsg), true)
    block.setBigUint64(AT.controlLength, CMSG_SPACE, true)
    block.setBigUint64(AT.iovec, start + BigInt(AT.byte), true)
    block.setBigUint64(AT.iovec + 8, 1n, true)
    return {bytes, block}
  }

  return {
    pair() {
      const fds = new Int32Array(2)
      if (symbols.socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, ptr(fds)) !== 0)
        throw new OperationalError('host', `cannot make a pair of sockets (errno ${errno()})`, {
          hint: 'raise the limit of open files (ulimit -n)',
        })
      const [fd = -1, otherFd = -1] = fds
      return {fd, otherFd}
    },
    give(socket, fd) {
      const {bytes, block} = message()
      block.setBigUint64(AT.cmsg, CMSG_LEN, true)
      block.setInt32(AT.cmsg + 8, SOL_SOCKET, true)
      block.setInt32(AT.cmsg + 12, SCM_RIGHTS, true)
      block.setInt32(AT.descriptor, fd, true)
      if (symbols.sendmsg(socket, ptr(bytes), MSG_NOSIGNAL) === 1n) return
      throw errno() === EPIPE
        ? new OperationalError('peer-unreachable', 'the peer closed the connection', {retryable: true})
        : new OperationalError('host', `cannot pass a descriptor on (errno ${errno()})`)
    },
    take(socket) {
      const {bytes, block} = message()
      if (symbols.recvmsg(socket, ptr(bytes), 0) !== 1n) return undefined
      const came = block.getBigUint64(AT.controlLength, true) >= CMSG_LEN
      return came ? block.getInt32(AT.descriptor, true) : undefined
    },
  }
}
