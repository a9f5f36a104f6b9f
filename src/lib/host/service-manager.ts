import {FFIType, ptr} from 'bun:ffi'
import {openLibc} from './libc.ts'

/** The service manager that has started us, if one has: it is told how we come on (systemd: sd_notify(3)). */
export type ServiceManager = {
  /** Shows `status` to whoever asks for it (systemctl status). One that does not listen is not waited for. */
  ready(status: string): void
  status(status: string): void
  stopping(): void
}

/**
 * Who listens at `NOTIFY_SOCKET`, by datagrams, on Linux. Where it expects to hear that this process lives
 * (`WATCHDOG_USEC`, `WATCHDOG_PID`), it does so
 * twice in that time, as long as our event loop turns.
 */
export function createServiceManager(
  environment: Readonly<Record<string, string | undefined>>,
): ServiceManager {
  const send = createSend(environment['NOTIFY_SOCKET'] ?? '')
  const isMeant = [undefined, String(process.pid)].includes(environment['WATCHDOG_PID'])
  const every = isMeant ? Math.floor(Number(environment['WATCHDOG_USEC'] ?? 0) / 2000) : 0
  const timer = every > 0 ? setInterval(() => send('WATCHDOG=1'), every) : undefined
  timer?.unref()
  return {
    ready: (status) => send(`READY=1\nSTATUS=${oneLine(status)}`),
    status: (status) => send(`STATUS=${oneLine(status)}`),
    stopping() {
      clearInterval(timer)
      send('STOPPING=1')
    },
  }
}

const oneLine = (text: string) => text.replaceAll('\n', ' ')

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2000000 | 0o4000
const MSG_NOSIGNAL = 0x4000
/** `sun_path` of Linux. */
const MAX_PATH_BYTES = 108

function createSend(path: string): (message: string) => void {
  const address = process.platform === 'linux' ? addressOf(path) : undefined
  if (address === undefined) return () => {}
  const {symbols} = openLibc({
    socket: {args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32},
    sendto: {
      args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.ptr, FFIType.u32],
      returns: FFIType.i64,
    },
  })
  const fd = symbols.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0)
  if (fd < 0) return () => {}
  return (message) => {
    const bytes = Buffer.from(message)
    symbols.sendto(fd, ptr(bytes), bytes.length, MSG_NOSIGNAL, ptr(address), address.length)
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
