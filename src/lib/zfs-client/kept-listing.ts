import type {SnapshotsState} from '../zfs/dataset.ts'
import {
  type DatasetName,
  datasetOf,
  NameError,
  parseComponent,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
  parseSnapshotName,
  shortNameOf,
} from '../zfs/name.ts'
import {byCreatetxg, isSnapshot, nameOfVersion, type Version} from '../zfs/version.ts'
import {isSameClock, isSameState, type KeptListing, type KeptVersions, type News} from './listing-memory.ts'

/** Another form of the text has another number, and is not understood. */
const FORM = 3

/** A kept listing as text: a line that says what it is, one for each dataset, and one for the end. */
export function formatKeptListing({aheadMs, loadGuids, datasets}: KeptListing): string {
  const head = JSON.stringify({form: FORM, aheadMs, loadGuids: Object.fromEntries(loadGuids)})
  const lines = Array.from(datasets, ([name, {state, sameUntilSeconds, listedMs, versions}]) => {
    const proof = state === undefined ? null : [stateRow(state), sameUntilSeconds]
    return JSON.stringify([name, proof, listedMs, versions.map(rowOf)])
  })
  return `${[head, ...lines, END].join('\n')}\n`
}

const END = '"end"'

type StateRow = readonly [guid: string, createtxg: string, origin: string, changedSeconds: number]

function stateRow({guid, createtxg, origin, changedSeconds}: SnapshotsState): StateRow {
  return [guid, String(createtxg), origin, changedSeconds]
}

/** A bookmark has no number of holds. */
type Row =
  | readonly [name: string, guid: string, createtxg: string, creation: number, userrefs: number]
  | readonly [name: string, guid: string, createtxg: string, creation: number]

function rowOf(version: Version): Row {
  const {name, guid, createtxg, creation} = version
  const row = [name, guid, String(createtxg), creation] as const
  return isSnapshot(version) ? [...row, version.userrefs] : row
}

/** A line to be put behind it. */
export function formatNews(news: News): string {
  return `${JSON.stringify(wireOf(news))}\n`
}

type Line =
  | {readonly counted: Readonly<Record<string, number>>}
  | {
      readonly received: readonly [
        dataset: string,
        before: StateRow,
        untilSeconds: number,
        aheadMs: number,
        rows: readonly Row[],
      ]
    }
  | {readonly changed: string}

function wireOf(news: News): Line {
  switch (news.kind) {
    case 'counted':
      return {counted: Object.fromEntries(news.userrefs)}
    case 'received':
      return {
        received: [
          news.dataset,
          stateRow(news.before),
          news.untilSeconds,
          news.aheadMs,
          news.snapshots.map(rowOf),
        ],
      }
    case 'changed':
      return {changed: news.dataset}
  }
}

/** Reads it again; `undefined` when any of it is not exactly as it was written. */
export function parseKeptListing(text: string): KeptListing | undefined {
  try {
    const lines = text.split('\n')
    if (lines.pop() !== '') return undefined
    const end = lines.indexOf(END)
    if (end === -1) return undefined
    const {form, aheadMs, loadGuids} = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    if (form !== FORM || !Number.isFinite(aheadMs)) return undefined
    const datasets = new Map(lines.slice(1, end).map(parseDataset))
    const counted: Counted = new Map()
    const listed = {aheadMs: aheadMs as number, datasets, counted}
    for (const line of lines.slice(end + 1)) take(JSON.parse(line) as Line, listed)
    for (const [name, userrefs] of counted) recount(datasets, name, userrefs)
    const guids = Object.entries(loadGuids as Record<string, string>)
    return {
      aheadMs: aheadMs as number,
      loadGuids: new Map(guids.map(([pool, guid]) => [pool, parseGuid(guid)])),
      datasets,
    }
  } catch (error) {
    if (error instanceof NameError || error instanceof SyntaxError || error instanceof TypeError)
      return undefined
    throw error
  }
}

type DatasetLine = readonly [
  name: string,
  proof: readonly [StateRow, untilSeconds: number] | null,
  listedMs: number,
  rows: readonly Row[],
]

function parseDataset(line: string): [DatasetName, KeptVersions] {
  const [name, proof, listedMs, rows] = JSON.parse(line) as DatasetLine
  const filesystem = parseDatasetName(textOf(name))
  return [
    filesystem,
    {
      state: proof === null ? undefined : parseState(proof[0]),
      sameUntilSeconds: proof === null ? 0 : integerOf(proof[1]),
      listedMs: integerOf(listedMs),
      versions: rows.map((row) => parseRow(filesystem, row)),
    },
  ]
}

function parseState([guid, createtxg, origin, changed]: StateRow): SnapshotsState {
  return {
    guid: parseGuid(textOf(guid)),
    createtxg: parseCreatetxg(textOf(createtxg)),
    origin: textOf(origin),
    changedSeconds: integerOf(changed),
  }
}

function parseRow(filesystem: DatasetName, row: Row): Version {
  const [name, guid, createtxg, creation, userrefs] = row
  const dated = {
    filesystem,
    name: parseComponent(textOf(name)),
    guid: parseGuid(textOf(guid)),
    createtxg: parseCreatetxg(textOf(createtxg)),
    creation: integerOf(creation),
  }
  if (userrefs === undefined) return {kind: 'bookmark', ...dated}
  return {kind: 'snapshot', ...dated, userrefs: integerOf(userrefs)}
}

/** The latest numbers of holds, by dataset and the snapshot's short name. */
type Counted = Map<DatasetName, Map<string, number>>

type Listed = {
  readonly aheadMs: number
  readonly datasets: Map<DatasetName, KeptVersions>
  readonly counted: Counted
}

/** Nothing is added to a dataset that is not kept. */
function take(line: Line, {aheadMs, datasets, counted}: Listed): void {
  if ('counted' in line) {
    for (const [text, userrefs] of Object.entries(line.counted)) {
      const snapshot = parseSnapshotName(text)
      const byName = counted.get(datasetOf(snapshot)) ?? new Map<string, number>()
      counted.set(datasetOf(snapshot), byName.set(shortNameOf(snapshot), integerOf(userrefs)))
    }
  } else if ('received' in line) {
    const [text, before, untilSeconds, receivedAheadMs, rows] = line.received
    const name = parseDatasetName(textOf(text))
    const received = rows.map((row) => parseRow(name, row))
    const kept = datasets.get(name)
    if (kept === undefined) return
    // Of a clock that was set meanwhile, and perhaps back since, a second says nothing.
    const isSteady = isSameClock(receivedAheadMs, aheadMs)
    const proven =
      isSteady && isSameState(kept, parseState(before))
        ? {...kept, sameUntilSeconds: integerOf(untilSeconds)}
        : unproven(kept)
    datasets.set(name, withReceived(proven, received))
  } else {
    const name = parseDatasetName(textOf(line.changed))
    const kept = datasets.get(name)
    if (kept !== undefined) datasets.set(name, unproven(kept))
  }
}

function unproven(kept: KeptVersions): KeptVersions {
  return {...kept, state: undefined, sameUntilSeconds: 0}
}

function withReceived(kept: KeptVersions, received: readonly Version[]): KeptVersions {
  const names = new Set(received.map(nameOfVersion))
  const others = kept.versions.filter((version) => !names.has(nameOfVersion(version)))
  return {...kept, versions: [...others, ...received].sort(byCreatetxg)}
}

function recount(
  datasets: Map<DatasetName, KeptVersions>,
  name: DatasetName,
  userrefs: ReadonlyMap<string, number>,
): void {
  const kept = datasets.get(name)
  if (kept === undefined) return
  const versions = kept.versions.map((version) => {
    const count = isSnapshot(version) ? userrefs.get(version.name) : undefined
    return count === undefined ? version : {...version, userrefs: count}
  })
  datasets.set(name, {...kept, versions})
}

function integerOf(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError('not an integer')
  return value
}

function textOf(value: string): string {
  if (typeof value !== 'string') throw new TypeError('not a text')
  return value
}
