import type {SnapshotsState} from '../zfs/dataset.ts'
import {
  type DatasetName,
  NameError,
  parseComponent,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
} from '../zfs/name.ts'
import type {Snapshot} from '../zfs/version.ts'
import type {KeptListing, KeptSnapshots} from './listing-memory.ts'

/** Another form of the text has another number, and is not understood. */
const FORM = 1

/** A kept listing as text: a line that says what it is, one for each dataset, and one for the end. */
export function formatKeptListing({aheadMs, loadGuids, datasets}: KeptListing): string {
  const head = JSON.stringify({form: FORM, aheadMs, loadGuids: Object.fromEntries(loadGuids)})
  const lines = Array.from(datasets, ([name, {state, listedMs, snapshots}]) => {
    const {guid, createtxg, origin, changedSeconds} = state
    const rows = snapshots.map((one) => [
      one.name,
      one.guid,
      String(one.createtxg),
      one.creation,
      one.userrefs,
    ])
    return JSON.stringify([name, [guid, String(createtxg), origin, changedSeconds, listedMs], rows])
  })
  return `${[head, ...lines, END].join('\n')}\n`
}

const END = '"end"'

/** A line to be put behind it: what was kept of these datasets does not hold any more. */
export function formatForgotten(datasets: readonly DatasetName[]): string {
  return `${JSON.stringify({forgotten: datasets})}\n`
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
    for (const line of lines.slice(end + 1)) {
      const {forgotten} = JSON.parse(line) as {forgotten: readonly string[]}
      for (const name of forgotten) datasets.delete(parseDatasetName(name))
    }
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

type Line = readonly [
  name: string,
  state: readonly [guid: string, createtxg: string, origin: string, changed: number, listedMs: number],
  rows: readonly (readonly [string, string, string, number, number])[],
]

function parseDataset(line: string): [DatasetName, KeptSnapshots] {
  const [name, [guid, createtxg, origin, changedSeconds, listedMs], rows] = JSON.parse(line) as Line
  const filesystem = parseDatasetName(textOf(name))
  const state: SnapshotsState = {
    guid: parseGuid(textOf(guid)),
    createtxg: parseCreatetxg(textOf(createtxg)),
    origin: textOf(origin),
    changedSeconds: integerOf(changedSeconds),
  }
  const snapshots = rows.map(
    ([name, guid, createtxg, creation, userrefs]): Snapshot => ({
      kind: 'snapshot',
      filesystem,
      name: parseComponent(textOf(name)),
      guid: parseGuid(textOf(guid)),
      createtxg: parseCreatetxg(textOf(createtxg)),
      creation: integerOf(creation),
      userrefs: integerOf(userrefs),
    }),
  )
  return [filesystem, {state, listedMs: integerOf(listedMs), snapshots}]
}

function integerOf(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError('not an integer')
  return value
}

function textOf(value: string): string {
  if (typeof value !== 'string') throw new TypeError('not a text')
  return value
}
