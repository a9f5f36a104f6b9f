import {FFIType, ptr} from 'bun:ffi'
import {afterEach, expect, test} from 'vitest'
import {openLibc} from '../../../src/lib/host/libc.ts'
import {createServiceManager} from '../../../src/lib/host/service-manager.ts'
import {temporaryDirectory} from './helpers.ts'

const {symbols} = openLibc({
  socket: {args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32},
  bind: {args: [FFIType.i32, FFIType.ptr, FFIType.u32], returns: FFIType.i32},
  recv: {args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64},
  close: {args: [FFIType.i32], returns: FFIType.i32},
})

const open: number[] = []
afterEach(() => {
  for (const fd of open.splice(0)) symbols.close(fd)
})

/** A datagram socket at this address; `next` is what has come, or `undefined`. */
function listenAt(name: Buffer): () => string | undefined {
  const fd = symbols.socket(1, 2, 0)
  open.push(fd)
  const address = Buffer.concat([Buffer.from([1, 0]), name])
  expect(symbols.bind(fd, ptr(address), address.length)).toBe(0)
  const buffer = Buffer.alloc(4096)
  return () => {
    const length = Number(symbols.recv(fd, ptr(buffer), buffer.length, 0x40))
    return length < 0 ? undefined : buffer.toString('utf8', 0, length)
  }
}

test('it hears that we are ready, what we are at, and that we stop', () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/notify`
  const next = listenAt(Buffer.from(path))
  const manager = createServiceManager({NOTIFY_SOCKET: path})
  manager.ready('job a runs')
  manager.status('job a:\nexit 0')
  manager.stopping()
  expect([next(), next(), next(), next()]).toEqual([
    'READY=1\nSTATUS=job a runs',
    'STATUS=job a: exit 0',
    'STOPPING=1',
    undefined,
  ])
})

test('it may listen at an abstract address, and wants to hear that we live', async () => {
  const name = `zrepl-test-${process.pid}`
  const next = listenAt(Buffer.from(`\0${name}`))
  const manager = createServiceManager({NOTIFY_SOCKET: `@${name}`, WATCHDOG_USEC: '4000'})
  let heard = next()
  while (heard === undefined) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    heard = next()
  }
  expect(heard).toBe('WATCHDOG=1')
  manager.stopping()
})

test('a watchdog that is meant for another process hears nothing', async () => {
  const watched = (name: string, usec: string, pid: number) => {
    const next = listenAt(Buffer.from(`\0${name}-${process.pid}`))
    const manager = createServiceManager({
      NOTIFY_SOCKET: `@${name}-${process.pid}`,
      WATCHDOG_USEC: usec,
      WATCHDOG_PID: String(pid),
    })
    return {next, manager}
  }
  const others = watched('zrepl-test-others', '2000', 1)
  const ours = watched('zrepl-test-ours', '20000', process.pid)
  while (ours.next() === undefined) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  expect(others.next()).toBeUndefined()
  ours.manager.stopping()
  others.manager.stopping()
})

test.each([undefined, '', 'relative', '/nobody/listens/here', `/${'x'.repeat(200)}`])(
  'nobody at %j is no trouble',
  (path) => {
    const manager = createServiceManager({NOTIFY_SOCKET: path})
    expect(() => {
      manager.ready('a')
      manager.stopping()
    }).not.toThrow()
  },
)
