import {fstatSync} from 'node:fs'
import type {Fields, LogLevel} from '../core/context.ts'
import {createDatagramSender} from './unix-datagram.ts'

/** RFC 5424 6.2.1: of syslog and of the journal. */
export const SEVERITY: Readonly<Record<LogLevel, number>> = {error: 3, warn: 4, info: 6, debug: 7}

/** systemd's journal. */
export type Journal = {
  /** Whether the line is in the journal. Never waits. */
  send(message: string, level: LogLevel, fields: Fields): boolean
}

const SOCKET = '/run/systemd/journal/socket'

/**
 * The journal, if our stderr goes there (systemd.exec(5): `JOURNAL_STREAM` is its device and inode): whoever has sent stderr
 * elsewhere does not want it there.
 */
export function findJournal(
  {JOURNAL_STREAM: stream}: Readonly<Record<string, string | undefined>>,
  socket = SOCKET,
): Journal | undefined {
  return isStderr(stream) ? createJournal(socket) : undefined
}

/** Whether lines on our stderr may begin with `<N>`, their severity: sd-daemon(3). */
export function isStderr(stream: string | undefined): boolean {
  if (stream === undefined) return false
  try {
    const {dev, ino} = fstatSync(2, {bigint: true})
    return stream === `${dev}:${ino}`
  } catch {
    return false
  }
}

function createJournal(socket: string): Journal {
  const send = createDatagramSender(socket)
  return {
    send: (message, level, fields) => send(formatEntry(message, level, fields)) === 0,
  }
}

/**
 * An entry in the native protocol of the journal: a field a line, or one with line ends in it with its length before it as
 * 64 bits. `durationMs` becomes `ZREPL_DURATION_MS`; of several fields that become the same the first counts.
 */
export function formatEntry(message: string, level: LogLevel, fields: Fields): Uint8Array {
  const all = {
    MESSAGE: message,
    PRIORITY: SEVERITY[level],
    SYSLOG_IDENTIFIER: 'zrepl',
    ...Object.fromEntries(byName(fields)),
  }
  return Buffer.concat(Object.entries(all).map(([name, value]) => formatField(name, value)))
}

function byName(fields: Fields): ReadonlyMap<string, NonNullable<Fields[string]>> {
  const named = new Map<string, NonNullable<Fields[string]>>()
  for (const [key, value] of Object.entries(fields)) {
    const name = fieldName(key)
    if (value !== undefined && !named.has(name)) named.set(name, value)
  }
  return named
}

function formatField(name: string, value: NonNullable<Fields[string]>): Uint8Array {
  const text = Array.isArray(value) ? value.join(' ') : String(value)
  if (!text.includes('\n')) return Buffer.from(`${name}=${text}\n`)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(text)))
  return Buffer.concat([Buffer.from(`${name}\n`), length, Buffer.from(`${text}\n`)])
}

function fieldName(key: string): string {
  return `ZREPL_${key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]/g, '_')}`.toUpperCase()
}
