import type {Fields, LogLevel} from '../core/context.ts'
import {printable} from '../core/printable.ts'

/** One log line as a value; `timeMs` is milliseconds since 1970. */
export type LogLine = {
  readonly timeMs: number
  readonly level: LogLevel
  readonly message: string
  readonly fields: Fields
}

export type LogFormat = 'human' | 'logfmt' | 'json'

/** A log line as text without the line end. JSON keys are those of zrepl: time, level, msg, and the fields. */
export function formatLogLine(line: LogLine, format: LogFormat): string {
  switch (format) {
    case 'human':
      return formatHuman(line)
    case 'logfmt':
      return formatLogfmt(line)
    case 'json':
      return formatJson(line)
  }
}

const SHORT_LEVEL: Readonly<Record<LogLevel, string>> = {
  debug: 'DEBG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERRO',
}

/** Fields that come as a prefix in brackets, in this order, as zrepl prints them. */
const PREFIX_FIELDS = ['job', 'subsystem', 'span'] as const

function formatHuman({timeMs, level, message, fields}: LogLine): string {
  const prefix = PREFIX_FIELDS.flatMap((key) =>
    fields[key] === undefined ? [] : [`[${text(fields[key])}]`],
  ).join('')
  const rest = Object.entries(fields)
    .filter(([key, value]) => value !== undefined && !(PREFIX_FIELDS as readonly string[]).includes(key))
    .map(([key, value]) => ` ${key}=${JSON.stringify(text(value))}`)
    .join('')
  return `${new Date(timeMs).toISOString()} [${SHORT_LEVEL[level]}]${prefix}: ${message}${rest}`
}

function formatLogfmt({timeMs, level, message, fields}: LogLine): string {
  const pairs = {time: new Date(timeMs).toISOString(), level, msg: message, ...fields}
  return Object.entries(pairs)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quotedIfNeeded(text(value))}`)
    .join(' ')
}

function quotedIfNeeded(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

function formatJson({timeMs, level, message, fields}: LogLine): string {
  const plain = Object.entries(fields).map(([key, value]) => [
    key,
    typeof value === 'bigint' ? value.toString() : value,
  ])
  return JSON.stringify({
    time: new Date(timeMs).toISOString(),
    level,
    msg: message,
    ...Object.fromEntries(plain),
  })
}

function text(value: Fields[string]): string {
  return printable(Array.isArray(value) ? value.join(' ') : String(value))
}
