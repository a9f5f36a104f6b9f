import {printable} from '../core/printable.ts'
import type {Color} from '../core/terminal-color.ts'
import {formatBytes, formatDuration} from '../core/units.ts'
import {
  type AnnouncedFilesystem,
  type AnnouncedState,
  FILESYSTEM_STATES,
  type FilesystemState,
} from '../progress/announced-state.ts'
import type {Line} from './line.ts'

/** Cells of the bar. */
const CELLS = 20

/** How a run comes on as a whole, in lines for `zrepl status`. `nowMs` is the wall clock. */
export function progressLines(state: AnnouncedState, nowMs: number): readonly Line[] {
  const quietMs = state.quietMs + Math.max(0, nowMs - state.writtenAtMs)
  const {counts} = state
  const total = FILESYSTEM_STATES.reduce((sum, name) => sum + counts[name], 0)
  const parts = FILESYSTEM_STATES.flatMap((name) =>
    counts[name] === 0 ? [] : [`${counts[name]} ${STATE_WORDS[name]}`],
  )
  return [
    {text: `  ${summary(state)}`},
    ...(total === 0
      ? []
      : [{text: `  ${total} ${total === 1 ? 'filesystem' : 'filesystems'}: ${parts.join(', ')}`}]),
    {text: `  last progress ${formatDuration(quietMs)} ago`},
    ...(state.error === undefined
      ? []
      : [{text: `  last failure: ${printable(state.error)}`, color: 'red' as const}]),
  ]
}

/** A line for each filesystem of a run, what one looks for first at the top. */
export function filesystemProgressLines({filesystems}: AnnouncedState): readonly Line[] {
  const names = filesystems.map(({filesystem}) => printable(filesystem))
  const width = Math.min(MOST_PADDED, ...[Math.max(0, ...names.map(({length}) => length))])
  return filesystems.map((one, index) => ({
    text: `  ${one.state === 'replicating' ? '*' : ' '} ${(names[index] ?? '').padEnd(width)}  ${stateText(one)}`,
    color: STATE_COLORS[one.state],
  }))
}

/** A longer name pushes only its own line aside. */
const MOST_PADDED = 40

const STATE_WORDS: Readonly<Record<FilesystemState, string>> = {
  replicating: 'replicating',
  failed: 'failed',
  waiting: 'waiting',
  done: 'done',
  'up-to-date': 'up to date',
}

const STATE_COLORS: Readonly<Record<FilesystemState, Color | undefined>> = {
  replicating: 'cyan',
  failed: 'red',
  waiting: undefined,
  done: 'green',
  'up-to-date': 'dim',
}

/** `replicating step 2/5, 10 MiB / 100 MiB: @a -> @b, for 12s`. */
function stateText({state, steps, doneSteps, step, forMs = 0, error, ...bytes}: AnnouncedFilesystem): string {
  const word = STATE_WORDS[state]
  switch (state) {
    case 'replicating': {
      const what = step === undefined ? '' : `: ${printable(step)}, for ${formatDuration(forMs)}`
      return `${word} step ${Math.min(doneSteps + 1, steps)}/${steps}${movedText(bytes)}${what}`
    }
    case 'failed': {
      const where = doneSteps === 0 ? '' : ` after ${doneSteps} of ${steps} steps`
      return `${word}${where}: ${printable(error ?? '')}`
    }
    case 'waiting': {
      const size = bytes.expectedBytes === undefined ? '' : `, ${formatBytes(BigInt(bytes.expectedBytes))}`
      return `${word}, ${stepsText(steps)}${size}`
    }
    case 'done':
      return `${word}, ${stepsText(steps)}`
    case 'up-to-date':
      return word
  }
}

function stepsText(steps: number): string {
  return `${steps} ${steps === 1 ? 'step' : 'steps'}`
}

function movedText({movedBytes, expectedBytes}: Pick<AnnouncedFilesystem, 'movedBytes' | 'expectedBytes'>) {
  const parts = [movedBytes, expectedBytes].flatMap((bytes) =>
    bytes === undefined ? [] : [formatBytes(BigInt(bytes))],
  )
  if (movedBytes === undefined) return parts.length === 0 ? '' : ` of ${parts.join('')}`
  return `, ${parts.join(' / ')}`
}

/** The same in one line of at most `columns` characters, for who has started the run on a terminal. */
export function renderProgressLine(state: AnnouncedState, columns: number): string {
  const [first, ...others] = state.filesystems.filter(({step}) => step !== undefined)
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  const what =
    first?.step === undefined ? '' : `  ${printable(first.filesystem)} ${printable(first.step)}${more}`
  return `${summary(state)}${what}`.slice(0, columns)
}

/** `replicate 3/10: [=====>----] 1.2 GiB / 4 GiB @ 90 MiB/s (31s remaining)`. */
function summary({phase, steps, counts, movedBytes, expectedBytes, bytesPerSecond}: AnnouncedState): string {
  if (phase !== 'replicate') return phase === 'begin' ? 'looks at both sides' : phase
  if (steps.planned === 0) return 'replicate'
  const failed = counts.failed === 0 ? '' : `, ${counts.failed} failed`
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
