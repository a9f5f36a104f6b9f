import type {Fields, LogLevel} from '../core/context.ts'
import {printable} from '../core/printable.ts'
import {type Color, colored} from '../core/terminal-color.ts'

/** One log line as a value; `timeMs` is milliseconds since 1970. */
export type LogLine = {
  readonly timeMs: number
  readonly level: LogLevel
  readonly message: string
  readonly fields: Fields
}

export type LogFormat = 'human' | 'logfmt' | 'json'

/** How lines look. What is kept by whoever gets them (a syslog has a time and a level of its own) can be left out. */
export type LogLook = {
  readonly format: LogFormat
  readonly time: boolean
  readonly level: boolean
  /** Only lines for people have colours. */
  readonly color: boolean
}

/**
 * A log line as text without the line end. JSON keys are those of zrepl: time, level, msg, and the fields, of which one that
 * has such a name gets another.
 */
export function formatLogLine(line: LogLine, look: LogLook): string {
  switch (look.format) {
    case 'human':
      return formatHuman(line, look)
    case 'logfmt':
      return formatLogfmt(line, look)
    case 'json':
      return formatJson(line, look)
  }
}

const SHORT_LEVEL: Readonly<Record<LogLevel, string>> = {
  debug: 'DEBG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERRO',
}

const LEVEL_COLOR: Readonly<Record<LogLevel, Color>> = {
  debug: 'dim',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
}

/** Fields that come as a prefix in brackets, in this order, as zrepl prints them. */
const PREFIX_FIELDS = ['job', 'subsystem', 'span'] as const

function formatHuman({timeMs, level, message, fields}: LogLine, look: LogLook): string {
  const word = `[${look.color ? colored(SHORT_LEVEL[level], LEVEL_COLOR[level]) : SHORT_LEVEL[level]}]`
  const prefix = PREFIX_FIELDS.flatMap((key) =>
    fields[key] === undefined ? [] : [`[${text(fields[key])}]`],
  ).join('')
  const rest = Object.entries(fields)
    .filter(([key, value]) => value !== undefined && !(PREFIX_FIELDS as readonly string[]).includes(key))
    .map(([key, value]) => ` ${key}=${JSON.stringify(text(value))}`)
    .join('')
  const time = look.time ? `${new Date(timeMs).toISOString()} ` : ''
  const head = `${time}${look.level ? word : ''}${prefix}`
  return `${head}${head === '' ? '' : ': '}${message}${rest}`
}

function formatLogfmt({message, fields, ...line}: LogLine, look: LogLook): string {
  return Object.entries({...metadata(line, look), msg: message, ...renamed(fields)})
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quotedIfNeeded(text(value))}`)
    .join(' ')
}

function quotedIfNeeded(value: string): string {
  return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
}

function formatJson({message, fields, ...line}: LogLine, look: LogLook): string {
  const plain = Object.entries(renamed(fields)).map(([key, value]) => [
    key,
    typeof value === 'bigint' ? value.toString() : value,
  ])
  return JSON.stringify({...metadata(line, look), msg: message, ...Object.fromEntries(plain)})
}

/** Also where time and level are left out, since whoever reads such a line would take a field for them. */
const OF_THE_LINE: ReadonlySet<string> = new Set(['time', 'level', 'msg'])

function renamed(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [OF_THE_LINE.has(key) ? `fields.${key}` : key, value]),
  )
}

function metadata({timeMs, level}: Pick<LogLine, 'timeMs' | 'level'>, look: LogLook) {
  return {
    ...(look.time ? {time: new Date(timeMs).toISOString()} : {}),
    ...(look.level ? {level} : {}),
  }
}

function text(value: Fields[string]): string {
  return printable(Array.isArray(value) ? value.join(' ') : String(value))
}
