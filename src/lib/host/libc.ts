import {dlopen, type FFIFunction, FFIType, ptr, read} from 'bun:ffi'
import {OperationalError} from '../core/errors.ts'

/**
 * The few system calls that neither Bun nor Node offers: a real pipe, poll and flock.
 * The library is opened at the first call, so that commands which need none of them do not pay for it.
 * All of them return at once: poll is only called with a timeout of zero, flock only with LOCK_NB.
 */

/** Bits of `poll(2)`; the same on Linux, FreeBSD and macOS. */
export const POLL = {in: 0x01, out: 0x04, err: 0x08, hup: 0x10, nval: 0x20} as const

type Platform = {
  readonly libraries: readonly string[]
  readonly closeOnExec: number
  readonly errno: string
  readonly wouldBlock: number
}

const MUSL_ARCH: Readonly<Record<string, string>> = {x64: 'x86_64', arm64: 'aarch64'}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  linux: {
    libraries: ['libc.so.6', `libc.musl-${MUSL_ARCH[process.arch] ?? process.arch}.so.1`],
    closeOnExec: 0o2000000,
    errno: '__errno_location',
    wouldBlock: 11,
  },
  freebsd: {libraries: ['libc.so.7'], closeOnExec: 0x100000, errno: '__error', wouldBlock: 35},
}

const LOCK_EXCLUSIVE_NONBLOCKING = 2 | 4
/** `F_SETPIPE_SZ` of Linux. What is wanted, so that writer and reader run on while we are not scheduled, is for root only. */
const SET_PIPE_SIZE = 1031
const GET_PIPE_SIZE = 1032
const PIPE_BYTES = 2 * 1024 * 1024
const PIPE_BYTES_OF_USERS = 1024 * 1024

type Libc = {
  pipe2(fds: Int32Array): number
  poll(entries: Int32Array, count: number): number
  flock(fd: number): number
  /** Asks for a larger buffer; a refusal is no error. */
  enlarge(pipe: number): void
  resize(pipe: number, bytes: number): number
  size(pipe: number): number
  errno(): number
  readonly platform: Platform
}

/** A pipe whose ends no child inherits by accident. Throws `host` when the process has no descriptors left. */
export function openPipe(): {readonly readFd: number; readonly writeFd: number} {
  const fds = new Int32Array(2)
  if (libc().pipe2(fds) !== 0) {
    throw new OperationalError('host', `cannot make a pipe (errno ${libc().errno()})`, {
      hint: 'raise the limit of open files (ulimit -n)',
    })
  }
  const [readFd = -1, writeFd = -1] = fds
  libc().enlarge(writeFd)
  return {readFd, writeFd}
}

/** Lets a pipe that somebody else has made hold more; a refusal is no error. */
export function enlargePipe(fd: number): void {
  libc().enlarge(fd)
}

/**
 * Lets a pipe hold `bytes`, or as much as the system gives us of that; returns how much it holds then. `undefined` where
 * pipes have no size, and for what is none.
 */
export function resizePipe(fd: number, bytes: number): number | undefined {
  if (process.platform !== 'linux') return undefined
  for (let wanted = bytes; wanted > PIPE_BYTES_OF_USERS && libc().resize(fd, wanted) < 0; wanted /= 2);
  if (bytes <= PIPE_BYTES_OF_USERS) libc().resize(fd, bytes)
  const size = libc().size(fd)
  return size < 0 ? undefined : size
}

/**
 * Which of `entries` are ready right now. Each entry is one `struct pollfd` in two words: the descriptor, and the
 * wanted events in the low half of the second, whose high half is zero and filled with the answer; see `pollEvents`.
 */
export function pollNow(entries: Int32Array, count: number): void {
  libc().poll(entries, count)
}

/** The answer of `pollNow` for the entry at `index`. */
export function pollEvents(entries: Int32Array, index: number): number {
  return (entries[2 * index + 1] ?? 0) >>> 16
}

/** Takes an exclusive lock that the kernel drops when the last descriptor of this open file is closed. */
export function tryLock(fd: number): 'locked' | 'busy' {
  if (libc().flock(fd) === 0) return 'locked'
  const errno = libc().errno()
  if (errno === libc().platform.wouldBlock) return 'busy'
  throw new OperationalError('host', `cannot lock (errno ${errno})`)
}

let opened: Libc | undefined

function libc(): Libc {
  opened ??= bind()
  return opened
}

/** Functions of the C library by their types, and `errno` of the last call. Throws `host` where there is none we know. */
export function openLibc<const Functions extends Record<string, FFIFunction>>(functions: Functions) {
  const platform = platformOf()
  let cause: unknown
  for (const library of platform.libraries) {
    try {
      const {symbols} = dlopen(library, {...functions, [platform.errno]: {args: [], returns: FFIType.ptr}})
      const errnoLocation = symbols[platform.errno] as unknown as () => Parameters<typeof read.i32>[0]
      return {symbols, errno: () => read.i32(errnoLocation(), 0)}
    } catch (error) {
      cause = error
    }
  }
  throw new OperationalError('host', `cannot open the C library (${platform.libraries.join(', ')})`, {cause})
}

function platformOf(): Platform {
  const platform = PLATFORMS[process.platform]
  if (platform === undefined) throw new OperationalError('host', `${process.platform} is not supported`)
  return platform
}

function bind(): Libc {
  const platform = platformOf()
  const {symbols, errno} = openLibc({
    pipe2: {args: [FFIType.ptr, FFIType.i32], returns: FFIType.i32},
    poll: {args: [FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i32},
    flock: {args: [FFIType.i32, FFIType.i32], returns: FFIType.i32},
    fcntl: {args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32},
  })
  return {
    pipe2: (fds) => symbols.pipe2(ptr(fds), platform.closeOnExec),
    poll: (entries, count) => symbols.poll(ptr(entries), count, 0),
    flock: (fd) => symbols.flock(fd, LOCK_EXCLUSIVE_NONBLOCKING),
    enlarge(pipe) {
      if (process.platform !== 'linux') return
      if (symbols.fcntl(pipe, SET_PIPE_SIZE, PIPE_BYTES) < 0)
        symbols.fcntl(pipe, SET_PIPE_SIZE, PIPE_BYTES_OF_USERS)
    },
    resize: (pipe, bytes) => symbols.fcntl(pipe, SET_PIPE_SIZE, bytes),
    size: (pipe) => symbols.fcntl(pipe, GET_PIPE_SIZE, 0),
    errno,
    platform,
  }
}
