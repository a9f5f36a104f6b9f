import {printable} from '../core/printable.ts'
import {formatBytes, formatDuration} from '../core/units.ts'
import type {AnnouncedState} from '../progress/announced-state.ts'

/** Cells of the bar. */
const CELLS = 20

/** How a run comes on, in lines for `zrepl status`. `nowMs` is the wall clock. */
export function renderProgress(state: AnnouncedState, nowMs: number): readonly string[] {
  const quietMs = state.quietMs + Math.max(0, nowMs - state.writtenAtMs)
  return [
    `  ${summary(state)}`,
    ...state.streams.map(
      ({filesystem, step, forMs}) =>
        `    ${printable(filesystem)}: ${printable(step)}, for ${formatDuration(forMs)}`,
    ),
    `  last progress ${formatDuration(quietMs)} ago`,
    ...(state.error === undefined ? [] : [`  last failure: ${printable(state.error)}`]),
  ]
}

/** The same in one line of at most `columns` characters, for who has started the run on a terminal. */
export function renderProgressLine(state: AnnouncedState, columns: number): string {
  const [first] = state.streams
  const what = first === undefined ? '' : `  ${printable(first.filesystem)} ${printable(first.step)}`
  const line = `${summary(state)}${what}`
  return line.slice(0, columns)
}

/** `replicate 3/10: [=====>----] 1.2 GiB / 4 GiB @ 90 MiB/s (31s remaining)`. */
function summary({phase, steps, movedBytes, expectedBytes, bytesPerSecond}: AnnouncedState): string {
  if (phase !== 'replicate') return phase === 'begin' ? 'looks at both sides' : phase
  if (steps.planned === 0) return 'replicate'
  const failed = steps.failed === 0 ? '' : `, ${steps.failed} failed`
  const rate = `${formatBytes(Math.round(bytesPerSecond))}/s`
  const moved = BigInt(movedBytes)
  return `replicate ${steps.done}/${steps.planned}${failed}: ${amount(moved, expectedBytes === undefined ? undefined : BigInt(expectedBytes))} @ ${rate}${remaining(moved, expectedBytes, bytesPerSecond)}`
}

function amount(moved: bigint, expected: bigint | undefined): string {
  if (expected === undefined || expected === 0n) return formatBytes(moved)
  const share = moved >= expected ? 1 : Number((moved * 1000n) / expected) / 1000
  const done = Math.round(share * CELLS)
  const bar = `${'='.repeat(done)}${done < CELLS ? '>' : ''}`.padEnd(CELLS, '-')
  return `[${bar}] ${formatBytes(moved)} / ${formatBytes(expected)}`
}

/** An estimate of an estimate: nothing is said where it would mean nothing. */
function remaining(moved: bigint, expectedBytes: string | undefined, bytesPerSecond: number): string {
  if (expectedBytes === undefined || bytesPerSecond < 1) return ''
  const left = Number(BigInt(expectedBytes) - moved)
  return left <= 0 ? '' : ` (${formatDuration(Math.round(left / bytesPerSecond) * 1000)} remaining)`
}
