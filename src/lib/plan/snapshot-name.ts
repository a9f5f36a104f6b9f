import {quoted} from '../core/printable.ts'
import {isTimeZone, timeZone} from '../core/time-zone.ts'
import {MAX_NAME_BYTES, NameError, parseComponent} from '../zfs/name.ts'
import {formatGoTime, readGoLayout} from './go-layout.ts'
import type {TimestampFormat} from './policy.ts'

/** zrepl's named formats, as layouts. The last three digits of `dense` are no milliseconds, in zrepl neither. */
const NAMED: Readonly<Record<Exclude<TimestampFormat['format'], 'layout' | 'unix-seconds'>, string>> = {
  dense: '20060102_150405_000',
  human: '2006-01-02_15:04:05',
  'iso-8601': '2006-01-02T15:04:05.000Z0700',
}

/** The names of formats; anything else is a layout of Go's. */
export const TIMESTAMP_FORMATS = ['dense', 'human', 'iso-8601', 'unix-seconds'] as const

/**
 * Reads zrepl's `timestamp_format` (a name in any case, or a layout in Go's reference time) and `timestamp_location`: an
 * IANA time zone, `UTC`, `Local`, or nothing for UTC. `dense`, `human` and `unix-seconds` say nothing about the zone and
 * therefore require UTC.
 * Throws an `Error` that names the value.
 */
export function parseTimestampFormat(format: string, location: string): TimestampFormat {
  const known = TIMESTAMP_FORMATS.find((name) => name === format.toLowerCase())
  const zone = location === '' ? 'UTC' : location
  if (known !== undefined && known !== 'iso-8601' && zone !== 'UTC') {
    throw new Error(`timestamp_format ${known} requires timestamp_location UTC, not ${quoted(location)}`)
  }
  if (!isTimeZone(zone)) throw new Error(`timestamp_location ${quoted(location)} is not a time zone`)
  return known === undefined
    ? {format: 'layout', layout: checkedLayout(format, zone), location: zone}
    : {format: known, location: zone}
}

/**
 * A layout must say something about the time, or all names were the same. `+` may stand for an offset only, where it is
 * replaced; no abbreviation of a zone is known but that of UTC.
 */
function checkedLayout(layout: string, zone: string): string {
  const elements = readGoLayout(layout).flatMap((part) => ('element' in part ? [part.element] : []))
  if (layout.includes('+')) throw new Error(`timestamp_format ${quoted(layout)} contains a +`)
  if (elements.length === 0) {
    throw new Error(
      `timestamp_format ${quoted(layout)} is none of ${TIMESTAMP_FORMATS.join(', ')}, and says nothing about the time as a layout of Go's`,
    )
  }
  if (elements.includes('MST') && zone !== 'UTC') {
    throw new Error(
      `timestamp_format ${quoted(layout)} asks for the abbreviation of a zone (MST), which is known for UTC only: use -0700`,
    )
  }
  return layout
}

/**
 * The moment as it stands in snapshot names. `+`, which no snapshot name may contain, becomes `_`; whether there is one
 * depends on the zone's offset at that moment, not now.
 */
export function formatTimestamp(timestamp: TimestampFormat, nowMs: number): string {
  if (timestamp.format === 'unix-seconds') return String(Math.floor(nowMs / 1000))
  const layout = timestamp.format === 'layout' ? timestamp.layout : NAMED[timestamp.format]
  return formatGoTime(layout, timeZone(timestamp.location), nowMs).replaceAll('+', '_')
}

/** The name of a round of snapshots. Throws `NameError` when prefix and timestamp together are no valid name. */
export function snapshotNameAt(prefix: string, timestamp: TimestampFormat, nowMs: number): string {
  return parseComponent(`${prefix}${formatTimestamp(timestamp, nowMs)}`)
}

/**
 * Throws `NameError` when snapshots could not be named like this in some month, or the names would leave no room for
 * the shortest name of a pool. For reading configurations.
 */
export function checkSnapshotNames(prefix: string, timestamp: TimestampFormat): void {
  for (let month = 0; month < 12; month++) {
    // Two digits for the day and the hour, and Wednesday, the longest weekday, among them.
    for (let day = 20; day < 27; day++) {
      const name = snapshotNameAt(prefix, timestamp, Date.UTC(2020, month, day, 22, 50, 50, 999))
      if (name.length > MAX_NAME_BYTES - 'p@'.length)
        throw new NameError(`bad name ${quoted(name)}: it leaves no room for a filesystem`)
    }
  }
}
