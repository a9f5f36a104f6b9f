import {unreachable} from '../core/assert.ts'
import {quoted} from '../core/printable.ts'
import {parseComponent} from '../zfs/name.ts'
import type {TimestampFormat} from './policy.ts'

const FORMATS = ['dense', 'human', 'iso-8601', 'unix-seconds'] as const

/**
 * Reads zrepl's `timestamp_format` (in any case) and `timestamp_location`: an IANA time zone, `UTC`, `Local`, or nothing
 * for UTC. All formats but iso-8601 say nothing about the zone and therefore require UTC.
 * Throws an `Error` that names the value.
 */
export function parseTimestampFormat(format: string, location: string): TimestampFormat {
  const known = FORMATS.find((name) => name === format.toLowerCase())
  if (known === undefined) {
    throw new Error(`timestamp_format ${quoted(format)} is none of ${FORMATS.join(', ')}`)
  }
  const zone = location === '' ? 'UTC' : location
  if (known !== 'iso-8601' && zone !== 'UTC') {
    throw new Error(`timestamp_format ${known} requires timestamp_location UTC, not ${quoted(location)}`)
  }
  if (!isTimeZone(zone)) throw new Error(`timestamp_location ${quoted(location)} is not a time zone`)
  return {format: known, location: zone}
}

/**
 * The moment as it stands in snapshot names. `+`, which no snapshot name may contain, becomes `_`; whether there is one
 * depends on the zone's offset at that moment, not now.
 */
export function formatTimestamp({format, location}: TimestampFormat, nowMs: number): string {
  switch (format) {
    case 'dense':
      return `${utc(nowMs).replaceAll(/[-:]/g, '').replace('T', '_')}_000`
    case 'human':
      return utc(nowMs).replace('T', '_')
    case 'iso-8601':
      return inZone(location, nowMs).replace('+', '_')
    case 'unix-seconds':
      return String(Math.floor(nowMs / 1000))
    default:
      return unreachable(format)
  }
}

/** The name of a round of snapshots. Throws `NameError` when prefix and timestamp together are no valid name. */
export function snapshotNameAt(prefix: string, timestamp: TimestampFormat, nowMs: number): string {
  return parseComponent(`${prefix}${formatTimestamp(timestamp, nowMs)}`)
}

/** Throws `NameError` when snapshots could not be named like this, in summer or in winter. For reading configurations. */
export function checkSnapshotNames(prefix: string, timestamp: TimestampFormat): void {
  snapshotNameAt(prefix, timestamp, Date.UTC(2020, 5, 1))
  snapshotNameAt(prefix, timestamp, Date.UTC(2020, 11, 1))
}

/** `2020-06-01T00:00:00`. */
function utc(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 19)
}

/** `2020-06-01T02:00:00.000+0200`, with `Z` for no offset: Go's layout `2006-01-02T15:04:05.000Z0700`. */
function inZone(location: string, nowMs: number): string {
  const offset = offsetMinutes(location, nowMs)
  const local = new Date(nowMs + offset * 60_000).toISOString().slice(0, -1)
  if (offset === 0) return `${local}Z`
  const hours = Math.floor(Math.abs(offset) / 60)
  const digits = `${pad(hours)}${pad(Math.abs(offset) % 60)}`
  return `${local}${offset < 0 ? '-' : '+'}${digits}`
}

/** How far the zone's clocks are ahead of UTC at that moment. */
function offsetMinutes(location: string, nowMs: number): number {
  const parts = new Map(
    clockOf(location)
      .formatToParts(nowMs)
      .map(({type, value}) => [type, Number(value)]),
  )
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const local = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return Math.round((local - Math.floor(nowMs / 1000) * 1000) / 60_000)
}

/** `Local` is the only place where the host's own zone enters, because the configuration asks for it. */
function clockOf(location: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    ...(location === 'Local' ? {} : {timeZone: location}),
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
}

/** Some engines also take offsets like `+02:00`, which are not names of zones. */
function isTimeZone(location: string): boolean {
  if (!/^[A-Za-z]/.test(location)) return false
  try {
    clockOf(location)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
