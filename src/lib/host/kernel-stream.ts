import {FFIType, ptr} from 'bun:ffi'
import {closeSync, fstatSync, readSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {openLibc, openPipe} from './libc.ts'

/**
 * Linux's ways to look at a pipe without taking anything out of it and to move its content without copying it: tee(2),
 * splice(2), and recv(2) with MSG_PEEK where sshd has given us a socket. None of them waits.
 */
export type KernelStream = {
  /** How many bytes lie in `fd`. */
  waiting(fd: number): number
  /** A copy of the first `length` bytes in `fd`, or of as many as there are. */
  peek(fd: number, length: number): Uint8Array
  /** Moves up to `length` bytes from pipe to pipe: how many; 0 at the end of `from`; `later`: nothing there, or no room. */
  move(from: number, to: number, length: number): number | 'later' | 'no-reader'
}

/** How streams are moved: copied where `kernel` is `undefined`, which as an argument would count as one left out. */
export type Means = {readonly kernel: KernelStream | undefined}

/** `undefined` where the system is not Linux. */
export function kernelStream(): KernelStream | undefined {
  if (process.platform !== 'linux') return undefined
  opened ??= bind()
  return opened
}

let opened: KernelStream | undefined

const FIONREAD = 0x541b
const SPLICE_F_NONBLOCK = 2
const MSG_PEEK_DONTWAIT = 0x02 | 0x40
const EAGAIN = 11
const EPIPE = 32

function bind(): KernelStream {
  const {symbols, errno} = openLibc({
    ioctl: {args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32},
    tee: {args: [FFIType.i32, FFIType.i32, FFIType.u64, FFIType.u32], returns: FFIType.i32},
    splice: {
      args: [FFIType.i32, FFIType.ptr, FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.u32],
      returns: FFIType.i32,
    },
    recv: {args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32},
  })

  function failed(what: string): OperationalError {
    return new OperationalError('host', `cannot ${what} a stream (errno ${errno()})`)
  }

  function peekPipe(fd: number, length: number): Uint8Array {
    const {readFd, writeFd} = openPipe()
    try {
      const count = symbols.tee(fd, writeFd, length, SPLICE_F_NONBLOCK)
      if (count < 0 && errno() !== EAGAIN) throw failed('look at')
      const head = new Uint8Array(Math.max(count, 0))
      if (head.length > 0) readSync(readFd, head)
      return head
    } finally {
      closeSync(readFd)
      closeSync(writeFd)
    }
  }

  function peekSocket(fd: number, length: number): Uint8Array {
    const head = new Uint8Array(length)
    const count = symbols.recv(fd, ptr(head), length, MSG_PEEK_DONTWAIT)
    if (count < 0 && errno() !== EAGAIN) throw failed('look at')
    return head.subarray(0, Math.max(count, 0))
  }

  return {
    waiting(fd) {
      const count = new Int32Array(1)
      if (symbols.ioctl(fd, FIONREAD, ptr(count)) !== 0) throw failed('look at')
      return count[0] ?? 0
    },
    peek: (fd, length) => (fstatSync(fd).isSocket() ? peekSocket(fd, length) : peekPipe(fd, length)),
    move(from, to, length) {
      const count = symbols.splice(from, null, to, null, length, SPLICE_F_NONBLOCK)
      if (count >= 0) return count
      if (errno() === EAGAIN) return 'later'
      if (errno() === EPIPE) return 'no-reader'
      throw failed('pass on')
    },
  }
}
