/** The wall clocks of a place: how far they are ahead of UTC at a moment. */
export type TimeZone = {
  readonly name: string
  /** Milliseconds to add to UTC to get what the clocks there show; negative to the west of it. */
  offsetMs(atMs: number): number
}

const SECOND_MS = 1000
const DAY_MS = 24 * 60 * 60 * SECOND_MS

/**
 * The zone of this name: an IANA name, `UTC`, or `Local` for the host's own, which is the only way in which a host's
 * setting enters what is decided. Throws a `RangeError` when `isTimeZone` is false.
 */
export function timeZone(name: string): TimeZone {
  if (name === 'UTC') return {name, offsetMs: () => 0}
  const clock = clockOf(name)
  const known = new Map<number, number>()
  return {
    name,
    offsetMs(atMs) {
      const second = Math.floor(atMs / SECOND_MS)
      const offset = known.get(second) ?? wallOf(clock, second * SECOND_MS) - second * SECOND_MS
      if (known.size >= MAX_KNOWN) known.clear()
      known.set(second, offset)
      return offset
    },
  }
}

/** Asking the engine takes microseconds, and the snapshots of a round have one date on all filesystems. */
const MAX_KNOWN = 10_000

/** Some engines also take offsets like `+02:00`, which are not names of zones. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    clockOf(name)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** What the clocks of `zone` show, as the `Date` whose UTC fields say so: read it with `getUTCHours` and the like. */
export function wallClock(zone: TimeZone, atMs: number): Date {
  return new Date(atMs + zone.offsetMs(atMs))
}

/**
 * The first moment of a day in `zone`, in milliseconds since 1970. `month` is 1 to 12; days beyond the end of the month
 * are days of the next. Where clocks skip midnight it is the moment behind the gap.
 */
export function startOfDay(zone: TimeZone, year: number, month: number, day: number): number {
  const wall = Date.UTC(year, month - 1, day)
  const offsets = [zone.offsetMs(wall - DAY_MS), zone.offsetMs(wall + DAY_MS)]
  const [early, late] = [wall - Math.max(...offsets), wall - Math.min(...offsets)]
  return early + zone.offsetMs(early) >= wall ? early : late
}

function wallOf(clock: Intl.DateTimeFormat, atMs: number): number {
  const parts = new Map(clock.formatToParts(atMs).map(({type, value}) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
}

function clockOf(name: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    ...(name === 'Local' ? {} : {timeZone: name}),
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
}
