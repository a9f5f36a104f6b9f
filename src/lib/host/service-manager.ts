import {createDatagramSender} from './unix-datagram.ts'

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
  const send = createDatagramSender(environment['NOTIFY_SOCKET'] ?? '')
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
