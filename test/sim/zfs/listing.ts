import {
  allDatasets,
  compareNames,
  type Dataset,
  datasetsBelow,
  dependentsOf,
  findDataset,
  type Host,
} from '../pool.ts'
import {type Answer, type Command, cannotOpen} from './answer.ts'
import {notModelled, readOptions} from './options.ts'

/** `zfs list` of snapshots and bookmarks. A dataset that is not there is told; the others are printed (semantics 38). */
export function* listVersions(host: Host, words: readonly string[]): Command {
  const {flags, values, operands} = readOptions(words, 'Hpr', 'tosd')
  const depth = values('d')[0]
  if (values('t')[0] !== 'snapshot,bookmark' || values('s')[0] !== 'createtxg' || !flags.has('p')) {
    throw notModelled(words, 'this kind of list')
  }
  const columns = values('o')[0] ?? ''
  if (columns !== COLUMNS) throw notModelled(words, `columns ${columns}`)
  yield
  const {found, missing} = datasetsOf(host, operands, depth === undefined)
  const rows = found.flatMap((dataset) => rowsOf(host, dataset))
  rows.sort((a, b) => a.createtxg - b.createtxg || compareNames(a.name, b.name))
  return listed(rows.map(cellsOf), missing)
}

type Row = {
  readonly name: string
  readonly guid: string
  readonly createtxg: number
  readonly creation: number
  readonly userrefs: string
  readonly clones: string
}

/** What the program asks for, and nothing else. */
const COLUMNS = 'name,guid,createtxg,creation,userrefs,clones'

function cellsOf({name, guid, createtxg, creation, userrefs, clones}: Row): readonly (string | number)[] {
  return [name, guid, createtxg, creation, userrefs, clones]
}

function rowsOf(host: Host, dataset: Dataset): Row[] {
  const {name, snapshots, bookmarks} = dataset
  return [
    ...bookmarks.map(({name: short, guid, createtxg, creation}) => ({
      name: `${name}#${short}`,
      guid,
      createtxg,
      creation,
      userrefs: '-',
      clones: '-',
    })),
    ...snapshots.map((snapshot) => ({
      ...snapshot,
      name: `${name}@${snapshot.name}`,
      userrefs: String(snapshot.holds.size),
      clones: dependentsOf(host, dataset, snapshot).join(',') || '-',
    })),
  ]
}

/** `zfs holds`: the holds of all snapshots that exist, complaints about the others. */
export function* listHolds(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, 'H', '')
  yield
  const missing: string[] = []
  const rows: string[][] = []
  for (const operand of operands) {
    const [name = '', short = ''] = operand.split('@')
    const snapshot = findDataset(host, name)?.snapshots.find((snapshot) => snapshot.name === short)
    if (snapshot === undefined) missing.push(operand)
    else for (const [tag, time] of snapshot.holds) rows.push([operand, tag, dateOf(time)])
  }
  return listed(rows, missing)
}

/** As strftime prints it in the C locale: `Tue Jan  2 03:04 2024`. */
function dateOf(seconds: number): string {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(seconds * 1000)
    .toUTCString()
    .replace(',', '')
    .split(' ')
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${time.slice(0, 5)} ${year}`
}

/** The datasets a listing is about, in order of their names; nothing asked for means all. */
export function datasetsOf(
  host: Host,
  roots: readonly string[],
  recursive: boolean,
): {readonly found: readonly Dataset[]; readonly missing: readonly string[]} {
  if (roots.length === 0) {
    const all = allDatasets(host)
    return {found: recursive ? all : all.filter(({name}) => !name.includes('/')), missing: []}
  }
  const found = new Map<string, Dataset>()
  const missing: string[] = []
  for (const root of roots) {
    const dataset = findDataset(host, root)
    if (dataset === undefined) missing.push(root)
    else
      for (const one of [dataset, ...(recursive ? datasetsBelow(host, root) : [])]) found.set(one.name, one)
  }
  return {found: Array.from(found.values()).sort((a, b) => compareNames(a.name, b.name)), missing}
}

/** Rows between tabs, and a complaint for each object that is missing. */
export function listed(rows: readonly (readonly (string | number)[])[], missing: readonly string[]): Answer {
  let stdout = ''
  for (const row of rows) stdout += `${row.join('\t')}\n`
  return {
    stdout,
    stderr: missing.map((name) => `${cannotOpen(name)}\n`).join(''),
    exitCode: missing.length === 0 ? 0 : 1,
  }
}
