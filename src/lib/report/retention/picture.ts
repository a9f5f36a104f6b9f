import {text} from '../../core/html.ts'
import type {PrunedSnapshot} from '../report.ts'
import type {Lane} from './lanes.ts'
import type {TimeScale} from './time-scale.ts'

/** Room for the signs of the lanes on the left, and for half a mark on the right. */
const LEFT = 22
const RIGHT = 8
const WIDTH = 1000 - LEFT - RIGHT
const LANE = 20
const TOP = 6
const AXIS = 22

/** The time line of one filesystem: a lane for each rule, what is protected, what goes; older is further left. */
export function picture(name: string, lanes: readonly Lane[], scale: TimeScale): string {
  const height = TOP + lanes.length * LANE
  const described = lanes.map(({label, snapshots}) => `${label}: ${snapshots.length}`).join('; ')
  return `<svg viewBox="${-LEFT} 0 ${LEFT + WIDTH + RIGHT} ${height + AXIS}" role="img" aria-label="${text(`${name}: ${described}`)}">
${scale.ticks.map((tick) => tickOf(tick.label, tick.at * WIDTH, height)).join('\n')}
${lanes.map((lane, index) => laneOf(lane, TOP + index * LANE, scale)).join('\n')}
</svg>`
}

function tickOf(label: string, x: number, height: number): string {
  const anchor = label === 'now' ? 'end' : 'middle'
  return `<line class="tick" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP}" y2="${height}"/><text class="tick" x="${x.toFixed(1)}" y="${height + 15}" text-anchor="${anchor}">${text(label)}</text>`
}

function laneOf({kind, sign, colour, snapshots}: Lane, y: number, scale: TimeScale): string {
  const middle = y + LANE / 2
  const marks = snapshots.map((snapshot) => {
    const x = scale.at(Date.parse(snapshot.creation ?? '')) * WIDTH
    return `<g>${SHAPES[kind](x, middle)}<title>${text(titleOf(snapshot))}</title></g>`
  })
  return `<g class="${kind} c${colour}"><text class="sign" x="${6 - LEFT}" y="${middle + 4}">${text(sign)}</text><line class="lane" x1="0" x2="${WIDTH}" y1="${middle}" y2="${middle}"/>${marks.join('')}</g>`
}

/** Shapes differ, not only colours. */
const SHAPES: Readonly<Record<Lane['kind'], (x: number, y: number) => string>> = {
  rule: (x, y) => `<rect x="${(x - 2).toFixed(1)}" y="${y - 7}" width="4" height="14" rx="1.5"/>`,
  protected: (x, y) => `<path d="M${x.toFixed(1)} ${y - 6}l5 6l-5 6l-5 -6z"/>`,
  goes: (x, y) => `<path d="M${(x - 3.5).toFixed(1)} ${y - 3.5}l7 7m0 -7l-7 7"/>`,
}

function titleOf({name, creation = '', reasons = []}: PrunedSnapshot): string {
  const why = reasons.map(({text, until}) => (until === undefined ? text : `${text}, ${until}`))
  return [`@${name}`, creation.replace('T', ' ').replace('.000Z', ' UTC'), ...why].join(' · ')
}
