import {
  allDatasets,
  type Bookmark,
  compareNames,
  type Dataset,
  datasetsBelow,
  dependentsOf,
  findDataset,
  type Host,
  type Snapshot,
} from '../pool.ts'
import {type Answer, type Command, cannotOpen} from './answer.ts'
import {notModelled, readOptions} from './options.ts'

/** `zfs list` of snapshots and bookmarks. A dataset that is not there is told; the others are printed (semantics 38). */
export function* listVersions(host: Host, words: readonly string[]): Command {
  const {flags, values, operands} = readOptions(words, 'Hpr', 'tosd')
  const depth = values('d')[0]
  const types = values('t')[0] ?? ''
  if (types !== 'snapshot,bookmark' || values('s')[0] !== 'createtxg' || !flags.has('p')) {
    throw notModelled(words, 'this kind of list')
  }
  const columns = COLUMNS[values('o')[0] ?? '']
  if (columns === undefined) throw notModelled(words, 'these columns')
  yield
  if (operands.some((name) => /[@#]/.test(name))) return namedOf(host, operands, columns)
  const {found, missing} = datasetsOf(host, operands, depth === undefined)
  const rows: Row[] = []
  for (const dataset of found) addRows(host, dataset, columns, rows)
  rows.sort(byCreatetxg)
  return listed(
    rows.map(({line}) => line),
    missing,
  )
}

function namedOf(host: Host, names: readonly string[], columns: Columns): Answer {
  const rows: Row[] = []
  const missing: string[] = []
  for (const name of names) {
    const [datasetName = '', short = ''] = name.split(/[@#]/)
    const dataset = findDataset(host, datasetName)
    const known: readonly Version[] | undefined = name.includes('@') ? dataset?.snapshots : dataset?.bookmarks
    const version = known?.find((version) => version.name === short)
    if (dataset === undefined || version === undefined) missing.push(name)
    else rows.push(rowOf(host, dataset, version, columns))
  }
  rows.sort(byCreatetxg)
  return listed(
    rows.map(({line}) => line),
    missing,
  )
}

type Row = {readonly name: string; readonly createtxg: number; readonly line: string}
type Version = Snapshot | Bookmark

function byCreatetxg(a: Row, b: Row): number {
  return a.createtxg - b.createtxg || compareNames(a.name, b.name)
}

/** What a row says behind name, guid and createtxg. */
type Columns = (host: Host, dataset: Dataset, version: Version) => string

/** What the program asks for, and nothing else. */
const COLUMNS: Readonly<Record<string, Columns>> = {
  'name,guid,createtxg,creation,userrefs,clones': (host, dataset, version) => {
    if (!('holds' in version)) return `${version.creation}\t-\t-`
    const clones = dependentsOf(host, dataset, version).join(',') || '-'
    return `${version.creation}\t${version.holds.size}\t${clones}`
  },
  'name,guid,createtxg,numclones': (host, dataset, version) =>
    'holds' in version ? String(dependentsOf(host, dataset, version).length) : '-',
}

function addRows(host: Host, dataset: Dataset, columns: Columns, rows: Row[]): void {
  for (const bookmark of dataset.bookmarks) rows.push(rowOf(host, dataset, bookmark, columns))
  for (const snapshot of dataset.snapshots) rows.push(rowOf(host, dataset, snapshot, columns))
}

function rowOf(host: Host, dataset: Dataset, version: Version, columns: Columns): Row {
  const {guid, createtxg} = version
  const name = `${dataset.name}${'holds' in version ? '@' : '#'}${version.name}`
  return {name, createtxg, line: `${name}\t${guid}\t${createtxg}\t${columns(host, dataset, version)}`}
}

/** `zpool get load_guid,feature@extensible_dataset`. */
export function* getLoadGuids(host: Host, words: readonly string[]): Command {
  const {flags, values, operands} = readOptions(words, 'Hp', 'o')
  const [property, ...names] = operands
  if (
    property !== 'load_guid,feature@extensible_dataset' ||
    values('o')[0] !== 'name,property,value' ||
    !flags.has('p')
  )
    throw notModelled(words, 'this kind of zpool get')
  yield
  const pools = names.map((name) => host.pools.get(name))
  return listed(
    pools.flatMap((pool) =>
      pool === undefined
        ? []
        : [`${pool.name}\tload_guid\t${pool.loadGuid}`, `${pool.name}\tfeature@extensible_dataset\tactive`],
    ),
    names.filter((name) => !host.pools.has(name)),
  )
}

/** `zfs holds`: the holds of all snapshots that exist, complaints about the others. */
export function* listHolds(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, 'H', '')
  yield
  const missing: string[] = []
  const rows: string[] = []
  for (const operand of operands) {
    const [name = '', short = ''] = operand.split('@')
    const snapshot = findDataset(host, name)?.snapshots.find((snapshot) => snapshot.name === short)
    if (snapshot === undefined) missing.push(operand)
    else for (const [tag, time] of snapshot.holds) rows.push(`${operand}\t${tag}\t${dateOf(time)}`)
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
  const found = new Set<Dataset>()
  const missing: string[] = []
  for (const root of roots) {
    const dataset = findDataset(host, root)
    if (dataset === undefined) {
      missing.push(root)
      continue
    }
    found.add(dataset)
    if (recursive) for (const below of datasetsBelow(host, root)) found.add(below)
  }
  const ordered = Array.from(found)
  // Below one root they are in order already.
  if (roots.length > 1) ordered.sort((a, b) => compareNames(a.name, b.name))
  return {found: ordered, missing}
}

/** A line for each row, and a complaint for each object that is missing. */
export function listed(rows: readonly string[], missing: readonly string[]): Answer {
  let stdout = ''
  for (const row of rows) stdout += `${row}\n`
  return {
    stdout,
    stderr: missing.map((name) => `${cannotOpen(name)}\n`).join(''),
    exitCode: missing.length === 0 ? 0 : 1,
  }
}
