import {quoted} from './printable.ts'

/** Text that is no duration or size. The message quotes it, safe to print, and says what was expected. */
export class UnitError extends Error {
  override readonly name = 'UnitError'
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const ZREPL_UNIT_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
}

/** Longer texts are no honest numbers, and large numbers take long to read. */
const MAX_TEXT = 100
const TOO_LONG = `it is longer than ${MAX_TEXT} characters`

/** zrepl counts nanoseconds in an int64; so do we, which is a little more than 292 years. */
const MAX_NANOSECONDS = 2n ** 63n - 1n
const NANOSECONDS_PER_MS = 1_000_000n

/**
 * Reads a duration of zrepl's own kind (job and snapshot intervals, grid lengths): one whole number and one of
 * `s m h d w`, where the unit may be missing behind 0 only. `d` is 24 hours and `w` 7 days, always.
 * The result is in milliseconds and may be negative: what sign makes sense is the caller's to say.
 * Throws `UnitError`. Rule: zrepl, `config.ParsePositiveDuration`'s grammar.
 */
export function parseZreplDuration(text: string): number {
  if (text.length > MAX_TEXT) throw badDuration(text, TOO_LONG)
  const [, count, unit] = /^[\t\n\f\r ]*([+-]?\d+)[\t\n\f\r ]*([a-z]*)[\t\n\f\r ]*$/.exec(text) ?? []
  if (count === undefined || unit === undefined) throw badDuration(text, ZREPL_DURATION)
  if (unit === '' && BigInt(unsigned(count)) !== 0n) {
    throw badDuration(text, 'the unit is missing (s, m, h, d or w)')
  }
  const unitMs = unit === '' ? SECOND_MS : ZREPL_UNIT_MS[unit]
  if (unitMs === undefined) throw badDuration(text, `${quoted(unit)} is not a unit (s, m, h, d or w)`)
  return boundedMs(signed(count, BigInt(unsigned(count)) * BigInt(unitMs) * NANOSECONDS_PER_MS), text)
}

const ZREPL_DURATION = 'it must be a whole number and a unit (s, m, h, d or w), like 10m'

const GO_UNIT_NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  '\u00b5s': 1000n,
  '\u03bcs': 1000n,
  ms: NANOSECONDS_PER_MS,
  s: BigInt(SECOND_MS) * NANOSECONDS_PER_MS,
  m: BigInt(MINUTE_MS) * NANOSECONDS_PER_MS,
  h: BigInt(HOUR_MS) * NANOSECONDS_PER_MS,
}

/**
 * Reads a duration of Go's kind (all timeouts): `1m30s`, `1.5h`, `500ms`, `0`; there are no days.
 * The result is in whole milliseconds, rounded away from 0, so that a tiny timeout does not become "none".
 * Throws `UnitError`. Rule: Go, `time.ParseDuration`.
 */
export function parseGoDuration(text: string): number {
  if (text.length > MAX_TEXT) throw badDuration(text, TOO_LONG)
  const body = unsigned(text)
  if (body === '0') return 0
  const part = /(\d+\.?\d*|\.\d+)([^\d.]+)/y
  let nanoseconds = 0n
  let read = 0
  for (let match = part.exec(body); match !== null; match = part.exec(body)) {
    const [all, number = '', unit = ''] = match
    const unitNanoseconds = GO_UNIT_NANOSECONDS[unit]
    if (unitNanoseconds === undefined) {
      throw badDuration(text, `${quoted(unit)} is not a unit (ms, s, m or h)`)
    }
    nanoseconds += times(number, unitNanoseconds)
    read += all.length
  }
  if (read === 0 || read !== body.length) {
    throw badDuration(text, 'it must be numbers with units (ms, s, m or h), like 1m30s')
  }
  return boundedMs(signed(text, nanoseconds), text)
}

const SIZE_FACTOR: Readonly<Record<string, bigint>> = {
  '': 1n,
  K: 1000n,
  Ki: 1024n,
  M: 1000n ** 2n,
  Mi: 1024n ** 2n,
  G: 1000n ** 3n,
  Gi: 1024n ** 3n,
  T: 1000n ** 4n,
  Ti: 1024n ** 4n,
}

/**
 * Reads a size or rate: a number and a unit, `b` and `bit` for bits, `B` for bytes, with `K M G T` (1000) or
 * `Ki Mi Gi Ti` (1024) in front. `23.5 MiB` is fine; the bare word `bit` takes whole numbers only.
 * The result is in whole bytes, rounded down; negative stays negative (zrepl: no limit).
 * Throws `UnitError`, also for more than nothing but less than a byte. Rule: zrepl, `datasizeunit`.
 */
export function parseSize(text: string): bigint {
  if (text.length > MAX_TEXT) throw badSize(text, TOO_LONG)
  const [, number, unit] = /^(-?(?:\d+\.?\d*|\.\d+))[\t\n\f\r ]*(bit|(?:[KMGT]i?)?[bB])$/.exec(text) ?? []
  if (number === undefined || unit === undefined) {
    throw badSize(text, 'it must be a number and a unit, like 10 MiB or 100 Mb')
  }
  if (unit === 'bit' && number.includes('.')) {
    throw badSize(text, 'bits are whole; use b with a prefix for fractions')
  }
  const factor = unit === 'bit' ? 1n : SIZE_FACTOR[unit.slice(0, -1)]
  if (factor === undefined) throw badSize(text, `${quoted(unit)} is not a unit`)
  const [mantissa, scale] = decimal(unsigned(number))
  const divisor = unit.endsWith('B') ? scale : scale * 8n
  const bytes = (mantissa * factor) / divisor
  if (bytes === 0n && mantissa !== 0n) {
    if (number.startsWith('-')) return -1n
    throw badSize(text, 'it is less than a byte')
  }
  return signed(number, bytes)
}

/** Bytes for people: `0 B`, `1023 B`, `1.5 KiB`, `12 GiB`. Three digits at most, never a unit too small. */
export function formatBytes(bytes: number | bigint): string {
  const sign = bytes < 0 ? '-' : ''
  let value = Math.abs(Number(bytes))
  let unit = 0
  while (unit < BYTE_UNITS.length - 1 && Number(shortNumber(value)) >= 1024) {
    value /= 1024
    unit++
  }
  return `${sign}${unit === 0 ? Math.round(value) : shortNumber(value)} ${BYTE_UNITS[unit]}`
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB']

/** Milliseconds for people: the two largest units that matter. `350ms`, `4.2s`, `1m30s`, `2h`, `3d4h`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`
  const whole = Math.round(ms)
  if (whole < SECOND_MS) return `${whole}ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 100) return `${tenths / 10}s`
  const seconds = Math.round(ms / SECOND_MS)
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return twoUnits(seconds, 60, 'm', 's')
  const minutes = Math.round(ms / MINUTE_MS)
  if (minutes < 24 * 60) return twoUnits(minutes, 60, 'h', 'm')
  return twoUnits(Math.round(ms / HOUR_MS), 24, 'd', 'h')
}

/** `amount` counted in `small` units: as many `big` ones of `perBig` as fit, and the rest if there is one. */
function twoUnits(amount: number, perBig: number, big: string, small: string): string {
  const rest = amount % perBig
  return `${Math.floor(amount / perBig)}${big}${rest === 0 ? '' : `${rest}${small}`}`
}

/** Three significant digits, without an exponent and without a zero at the end. */
function shortNumber(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return String(Number(value.toFixed(digits)))
}

/** `1.5` times `unit`, rounded up: the callers' units are so small that it does not matter, except that it is not 0. */
function times(number: string, unit: bigint): bigint {
  const [mantissa, scale] = decimal(number)
  return divideUp(mantissa * unit, scale)
}

/** `23.5` as `[235n, 10n]`. */
function decimal(number: string): [bigint, bigint] {
  const [whole = '', fraction = ''] = number.split('.')
  return [BigInt(`${whole}${fraction}`), 10n ** BigInt(fraction.length)]
}

function boundedMs(nanoseconds: bigint, text: string): number {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (size > MAX_NANOSECONDS) throw badDuration(text, 'it is longer than 292 years')
  const ms = Number(divideUp(size, NANOSECONDS_PER_MS))
  return nanoseconds < 0n ? -ms : ms
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return (value + divisor - 1n) / divisor
}

function unsigned(text: string): string {
  return text.replace(/^[+-]/, '')
}

function signed(text: string, value: bigint): bigint {
  return text.startsWith('-') ? -value : value
}

function badDuration(text: string, why: string): UnitError {
  return new UnitError(`bad duration ${quoted(text)}: ${why}`)
}

function badSize(text: string, why: string): UnitError {
  return new UnitError(`bad size ${quoted(text)}: ${why}`)
}
