import {isNonEmpty, type NonEmpty} from '../core/assert.ts'
import type {LinearRegex} from '../core/linear-regex.ts'
import {quoted} from '../core/printable.ts'
import {parseZreplDuration, UnitError} from '../core/units.ts'
import type {Snapshot} from '../zfs/version.ts'
import {byDate, CLOCK_SLACK_MS, dateMs} from './by-date.ts'
import type {Candidate, Opinion, Opinions} from './candidate.ts'
import type {GridInterval} from './keep-rule.ts'

/** `24x1h` is expanded, so a grid has an upper bound that no sensible one comes near. */
const MAX_INTERVALS = 100_000

/**
 * Reads zrepl's grid grammar: intervals `TIMESxLENGTH`, each optionally followed by `(keep=N)` or `(keep=all)`, joined
 * by `|`. Lengths may not shrink, unless everything before keeps all. Throws an `Error` that names the interval.
 */
export function parseGrid(spec: string): NonEmpty<GridInterval> {
  const intervals: GridInterval[] = []
  for (const text of spec.split('|')) {
    const {times, interval} = parseInterval(text)
    if (intervals.length + times > MAX_INTERVALS) {
      throw bad(text, `a grid has at most ${MAX_INTERVALS} intervals`)
    }
    const previous = intervals.at(-1)
    const shrinks = previous !== undefined && interval.lengthMs < previous.lengthMs
    if (shrinks && intervals.some(({keepCount}) => keepCount !== 'all')) {
      throw bad(text, 'retention grid interval length must be monotonically increasing')
    }
    for (let count = 0; count < times; count++) intervals.push(interval)
  }
  if (!isNonEmpty(intervals)) throw bad(spec, 'it is empty')
  return intervals
}

/**
 * zrepl's grid. The matching snapshots are dealt into consecutive buckets, the first ending at the youngest of them; of
 * each bucket the oldest `keepCount` stay. A bucket includes its young edge, not its old edge.
 *
 * The grid ends at the youngest snapshot, not at the wall clock, so that a clock running ahead does not age them all.
 * A snapshot minutes ahead of `nowMs` is dated wrongly, or our clock is: it is kept, and the grid ends at the youngest
 * other one, so that a single bad date does not make all others look old.
 * Order within one second is by createtxg.
 */
export function keepGrid(
  candidates: readonly Candidate[],
  {intervals, regex}: {readonly intervals: readonly GridInterval[]; readonly regex: LinearRegex},
  nowMs: number,
): Opinions {
  const matching = candidates
    .map(({snapshot}) => snapshot)
    .filter(({name}) => regex.matches(name))
    .toSorted(byDate)
  const end = matching.findLast((snapshot) => dateMs(snapshot) <= nowMs + CLOCK_SLACK_MS)
  return end === undefined
    ? new Map(matching.map((snapshot) => [snapshot, 'keep']))
    : fitGrid(matching, intervals, dateMs(end))
}

/** The algorithm itself. `oldestFirst` is in order; the grid ends at `endMs`, and what is younger stays. */
export function fitGrid(
  oldestFirst: readonly Snapshot[],
  intervals: readonly GridInterval[],
  endMs: number,
): Opinions {
  const edges = oldEdges(intervals, endMs)
  const used = new Map<number, number>()
  return new Map(
    oldestFirst.map((snapshot): [Snapshot, Opinion] => {
      if (dateMs(snapshot) > endMs) return [snapshot, 'keep']
      const bucket = edges.findIndex((oldEdgeMs) => dateMs(snapshot) > oldEdgeMs)
      const interval = intervals[bucket]
      if (interval === undefined) return [snapshot, 'too-old']
      const count = used.get(bucket) ?? 0
      used.set(bucket, count + 1)
      return [snapshot, interval.keepCount === 'all' || count < interval.keepCount ? 'keep' : 'bucket-full']
    }),
  )
}

function oldEdges(intervals: readonly GridInterval[], endMs: number): readonly number[] {
  let edgeMs = endMs
  return intervals.map(({lengthMs}) => {
    edgeMs -= lengthMs
    return edgeMs
  })
}

function parseInterval(text: string): {readonly times: number; readonly interval: GridInterval} {
  const match = /^\s*(\d+)\s*x\s*([^(]+?)\s*(?:\((.*)\)\s*)?$/.exec(text)
  if (match === null) throw bad(text, 'it should look like 24x1h or 1x1h(keep=all)')
  const [, times, length, keep] = match
  if (Number(times) < 1) throw bad(text, 'the number of times must be positive')
  const interval = {lengthMs: parseLength(text, length ?? ''), keepCount: parseKeep(text, keep)}
  return {times: Number(times), interval}
}

function parseLength(interval: string, length: string): number {
  const lengthMs = durationOf(interval, length)
  if (lengthMs <= 0) throw bad(interval, 'its length must be positive')
  return lengthMs
}

function durationOf(interval: string, length: string): number {
  try {
    return parseZreplDuration(length)
  } catch (cause) {
    if (cause instanceof UnitError) throw bad(interval, cause.message)
    throw cause
  }
}

/** zrepl accepts 0 and negative numbers and then crashes while pruning. */
function parseKeep(text: string, keep: string | undefined): number | 'all' {
  if (keep === undefined) return 1
  const [, value] = /^\s*keep=(.*?)\s*$/.exec(keep) ?? []
  if (value === 'all') return 'all'
  if (value === undefined || !/^[1-9][0-9]{0,8}$/.test(value)) {
    throw bad(text, 'keep is a positive number or all')
  }
  return Number(value)
}

function bad(interval: string, problem: string): Error {
  return new Error(`bad grid interval ${quoted(interval.trim())}: ${problem}`)
}
