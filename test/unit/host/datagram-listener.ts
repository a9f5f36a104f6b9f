import {FFIType, ptr} from 'bun:ffi'
import {expect} from 'vitest'
import {openLibc} from '../../../src/lib/host/libc.ts'

const {symbols} = openLibc({
  socket: {args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32},
  bind: {args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32},
  recv: {args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64},
  close: {args: [FFIType.i32], returns: FFIType.i32},
})

/** A real datagram socket that somebody else has: of systemd, of syslog. */
export type DatagramListener = {
  /** What has come, or `undefined`. */
  next(): string | undefined
  [Symbol.dispose](): void
}

/** `name`: a path, or after a zero byte an abstract name. */
export function listenForDatagrams(name: string): DatagramListener {
  const fd = symbols.socket(1, 2, 0)
  const address = Buffer.concat([Buffer.from([1, 0]), Buffer.from(name)])
  expect(symbols.bind(fd, ptr(address), address.length)).toBe(0)
  const buffer = Buffer.alloc(65_536)
  return {
    next() {
      const length = Number(symbols.recv(fd, ptr(buffer), buffer.length, 0x40))
      return length < 0 ? undefined : buffer.toString('utf8', 0, length)
    },
    [Symbol.dispose]: () => symbols.close(fd),
  }
}
