import {Bug} from '../core/assert.ts'
import {type TimeZone, wallClock} from '../core/time-zone.ts'

/** What one element of a layout stands for, as the moment's text. */
type Element = (at: Moment) => string

/** A moment as a layout needs it: what the clocks show, and how far they are ahead of UTC. */
type Moment = {readonly wall: Date; readonly offsetMs: number}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/**
 * The elements of Go's reference time, in the order in which Go looks for them: at one place of a layout the first
 * that fits is taken. `unlessLower`: not when a lower-case letter follows, so that `Monkey` is no weekday.
 */
const ELEMENTS: readonly {
  readonly text: string
  readonly unlessLower?: boolean
  readonly value: Element
}[] = [
  {text: 'January', value: ({wall}) => MONTHS[wall.getUTCMonth()] ?? ''},
  {text: 'Jan', unlessLower: true, value: ({wall}) => (MONTHS[wall.getUTCMonth()] ?? '').slice(0, 3)},
  {text: 'Monday', value: ({wall}) => WEEKDAYS[wall.getUTCDay()] ?? ''},
  {text: 'Mon', unlessLower: true, value: ({wall}) => (WEEKDAYS[wall.getUTCDay()] ?? '').slice(0, 3)},
  {text: 'MST', value: () => 'UTC'},
  {text: '01', value: ({wall}) => padded(wall.getUTCMonth() + 1)},
  {text: '02', value: ({wall}) => padded(wall.getUTCDate())},
  {text: '03', value: ({wall}) => padded(hour12(wall))},
  {text: '04', value: ({wall}) => padded(wall.getUTCMinutes())},
  {text: '05', value: ({wall}) => padded(wall.getUTCSeconds())},
  {text: '06', value: ({wall}) => padded(wall.getUTCFullYear() % 100)},
  {text: '002', value: ({wall}) => padded(dayOfYear(wall), 3)},
  {text: '15', value: ({wall}) => padded(wall.getUTCHours())},
  {text: '1', value: ({wall}) => String(wall.getUTCMonth() + 1)},
  {text: '2006', value: ({wall}) => padded(wall.getUTCFullYear(), 4)},
  {text: '2', value: ({wall}) => String(wall.getUTCDate())},
  {text: '_2006', value: ({wall}) => `_${padded(wall.getUTCFullYear(), 4)}`},
  {text: '_2', value: ({wall}) => String(wall.getUTCDate()).padStart(2)},
  {text: '__2', value: ({wall}) => String(dayOfYear(wall)).padStart(3)},
  {text: '3', value: ({wall}) => String(hour12(wall))},
  {text: '4', value: ({wall}) => String(wall.getUTCMinutes())},
  {text: '5', value: ({wall}) => String(wall.getUTCSeconds())},
  {text: 'PM', value: ({wall}) => (wall.getUTCHours() >= 12 ? 'PM' : 'AM')},
  {text: 'pm', value: ({wall}) => (wall.getUTCHours() >= 12 ? 'pm' : 'am')},
  {text: '-070000', value: offset('', 3)},
  {text: '-07:00:00', value: offset(':', 3)},
  {text: '-0700', value: offset('', 2)},
  {text: '-07:00', value: offset(':', 2)},
  {text: '-07', value: offset('', 1)},
  {text: 'Z070000', value: offsetOrZ('', 3)},
  {text: 'Z07:00:00', value: offsetOrZ(':', 3)},
  {text: 'Z0700', value: offsetOrZ('', 2)},
  {text: 'Z07:00', value: offsetOrZ(':', 2)},
  {text: 'Z07', value: offsetOrZ('', 1)},
]

/** A layout taken apart: what stands in it as it is, and its elements. */
export type GoLayout = readonly ({readonly literal: string} | {readonly element: string})[]

/** Takes a layout apart as Go's `time.Format` does. Every text is a layout; what means nothing stands for itself. */
export function readGoLayout(layout: string): GoLayout {
  const parts: ({literal: string} | {element: string})[] = []
  for (let at = 0; at < layout.length; ) {
    const element = elementAt(layout, at)
    if (element !== undefined) {
      parts.push({element})
      at += element.length
      continue
    }
    const last = parts.at(-1)
    if (last !== undefined && 'literal' in last) last.literal += layout[at]
    else parts.push({literal: layout[at] ?? ''})
    at += 1
  }
  return parts
}

/**
 * `layout` filled in for a moment, as Go's `time.Format` does. The abbreviation of the zone (`MST`) is known for UTC
 * only; other zones must not come with it.
 */
export function formatGoTime(layout: string, zone: TimeZone, atMs: number): string {
  const moment = {wall: wallClock(zone, atMs), offsetMs: zone.offsetMs(atMs)}
  return readGoLayout(layout)
    .map((part) => ('literal' in part ? part.literal : textOf(part.element, moment)))
    .join('')
}

function elementAt(layout: string, at: number): string | undefined {
  const known = ELEMENTS.find(
    ({text, unlessLower}) =>
      layout.startsWith(text, at) && !(unlessLower === true && /^[a-z]/.test(layout.slice(at + text.length))),
  )
  return known?.text ?? FRACTION.exec(layout.slice(at))?.[0]
}

/** Parts of a second: as many digits as there are zeros; nines leave zeros at the end out. */
const FRACTION = /^[.,](?:0+|9+)(?![0-9])/

function textOf(element: string, at: Moment): string {
  const known = ELEMENTS.find(({text}) => text === element)
  if (known !== undefined) return known.value(at)
  if (!FRACTION.test(element)) throw new Bug(`no element of a layout: ${element}`)
  const digits = padded(at.wall.getUTCMilliseconds(), 3)
    .padEnd(element.length - 1, '0')
    .slice(0, element.length - 1)
  if (element[1] === '0') return `${element[0]}${digits}`
  const short = digits.replace(/0+$/, '')
  return short === '' ? '' : `${element[0]}${short}`
}

/** `+0200`, `+02:00`, `+02`: `parts` of hours, minutes and seconds, and what is between them. */
function offset(separator: string, parts: number): Element {
  return ({offsetMs}) => {
    const seconds = Math.abs(Math.round(offsetMs / 1000))
    const numbers = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    const digits = numbers.slice(0, parts).map((value) => padded(value))
    return `${offsetMs < 0 ? '-' : '+'}${digits.join(separator)}`
  }
}

function offsetOrZ(separator: string, parts: number): Element {
  const numeric = offset(separator, parts)
  return (at) => (at.offsetMs === 0 ? 'Z' : numeric(at))
}

function hour12(wall: Date): number {
  return wall.getUTCHours() % 12 || 12
}

function dayOfYear(wall: Date): number {
  const newYear = Date.UTC(wall.getUTCFullYear(), 0, 0)
  return Math.floor((wall.getTime() - newYear) / (24 * 60 * 60 * 1000))
}

function padded(value: number, digits = 2): string {
  return String(value).padStart(digits, '0')
}
