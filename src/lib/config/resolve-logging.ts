import type {Global, LogOutlet as RawOutlet} from '../../generated/config-types.ts'
import {unreachable} from '../core/assert.ts'
import type {LogLevel} from '../core/context.ts'
import {parseGoDuration} from '../core/units.ts'
import {parseHostPort} from './network-address.ts'

/** A place to log to, and how. */
export type LogOutlet = {readonly level: LogLevel; readonly format: 'human' | 'logfmt' | 'json'} & (
  | {readonly type: 'stdout'; readonly time: boolean; readonly color: boolean}
  | {readonly type: 'syslog'; readonly facility: SyslogFacility; readonly retryMs: number}
  | {readonly type: 'file'; readonly path: string}
  | ({readonly type: 'tcp'; readonly retryMs: number} & LogServer)
)

/** `family` 0: whichever the name has. */
export type LogServer = {
  readonly host: string
  readonly port: number
  readonly family: 0 | 4 | 6
  /** Paths of PEM files. */
  readonly tls: {readonly ca: string; readonly cert: string; readonly key: string} | undefined
}

export type SyslogFacility = NonNullable<Extract<RawOutlet, {type: 'syslog'}>['facility']>

const FAMILIES = {tcp: 0, tcp4: 4, tcp6: 6} as const

/** `global.logging` with zrepl's defaults, one stdout outlet where there is none. */
export function resolveLogging(raw: Global = {}): readonly LogOutlet[] {
  return (raw.logging ?? [{type: 'stdout'}]).map(resolveOutlet)
}

function resolveOutlet(raw: RawOutlet): LogOutlet {
  const common = {level: raw.level ?? 'warn', format: raw.format ?? 'human'}
  switch (raw.type) {
    case 'stdout':
      return {type: raw.type, time: raw.time ?? true, color: raw.color ?? true, ...common}
    case 'syslog':
      return {
        type: raw.type,
        facility: raw.facility ?? 'local0',
        retryMs: parseGoDuration(raw.retry_interval ?? '10s'),
        ...common,
      }
    case 'file':
      return {type: raw.type, path: raw.path, ...common}
    case 'tcp':
      return {
        type: raw.type,
        ...parseHostPort(raw.address),
        family: FAMILIES[raw.net ?? 'tcp'],
        retryMs: parseGoDuration(raw.retry_interval ?? '10s'),
        tls: raw.tls,
        ...common,
      }
    default:
      return unreachable(raw)
  }
}
