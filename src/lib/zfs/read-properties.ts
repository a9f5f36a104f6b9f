import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {ListQuery} from './client.ts'
import type {Dataset, SnapshotsState} from './dataset.ts'
import {forEachRow} from './for-each-row.ts'
import {
  type DatasetName,
  datasetOf,
  parseBookmarkName,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
  shortNameOf,
} from './name.ts'
import {PLACEHOLDER_PROPERTY, readPlaceholderValue} from './placeholder.ts'
import {createQueryScope} from './query-scope.ts'
import {parseCreation} from './read-list.ts'
import type {Bookmark} from './version.ts'

/** In the order in which they are asked for and printed. */
const NEEDED = ['type', 'receive_resume_token', 'encryption', 'keystatus', 'written'] as const
/** Since OpenZFS 2.2; older ones refuse to print anything when they are asked for them. */
const OF_SNAPSHOTS_STATE = ['guid', 'createtxg', 'origin', 'snapshots_changed'] as const

/** What else a listing of datasets asks for: the state of their snapshots, and with that their bookmarks, too. */
export type AlsoAsked = {readonly snapshotsState: boolean; readonly bookmarks?: boolean}

/** The properties a `Dataset` is read from, in the order in which they are asked for and printed. */
export function datasetProperties({snapshotsState, bookmarks}: AlsoAsked): readonly string[] {
  return [
    ...NEEDED,
    ...(snapshotsState ? OF_SNAPSHOTS_STATE : []),
    ...(bookmarks === true ? ['creation'] : []),
    PLACEHOLDER_PROPERTY,
  ]
}

/**
 * Reads what `listDatasetsCommand(query, how)` printed, decoded as latin1: the datasets in the order printed, and their
 * bookmarks where they were asked for.
 * `missingRoots` are the roots of which the same command said on stderr that they do not exist.
 *
 * The rows of a dataset must follow each other in the order of `datasetProperties(how)`; only `zrepl:placeholder` may be
 * absent, where the command filtered an inherited or received value out. So a property value with line breaks in it
 * cannot pass for rows of another dataset: that dataset would then appear twice (threat T11).
 * Throws `zfs-output` on that and on everything else that is not understood.
 */
export function readProperties(
  stdout: string,
  query: ListQuery,
  missingRoots: readonly string[] = [],
  how: AlsoAsked = {snapshotsState: false},
): {readonly datasets: readonly Dataset[]; readonly bookmarks: readonly Bookmark[]} {
  const properties = datasetProperties(how)
  const scopeOf = createQueryScope(query)
  const datasets = new Map<string, Dataset>()
  const bookmarks = new Map<string, Bookmark>()
  let current: Rows | undefined

  forEachRow('zfs get', stdout, 4, (fields) => {
    const [name = '', property = '', value = '', source = ''] = fields
    if (!SOURCES.has(source)) return 'this source was not asked for'
    if (current?.name !== name) {
      const unfinished = problemOfRows(current, properties)
      if (unfinished !== undefined) return unfinished
      if (datasets.has(name) || bookmarks.has(name)) return 'listed twice'
      current = rowsFor(name, how)
      if (scopeOf(current.dataset) !== 'asked') return 'this dataset was not asked for'
    }
    if (property !== properties[current.values.length]) return 'out of order'
    if (property === PLACEHOLDER_PROPERTY && source !== 'local' && value !== '-')
      return 'a value that is not local'
    current.values.push(value)
    if (current.bookmark !== undefined) {
      const bookmark = bookmarkOfRows(current, current.bookmark, properties)
      if (typeof bookmark === 'string') return bookmark
      if (bookmark !== undefined) bookmarks.set(name, bookmark)
      return undefined
    }
    const dataset = datasetOfRows(current, properties)
    if (typeof dataset === 'string') return dataset
    if (dataset !== undefined) datasets.set(name, dataset)
    return undefined
  })

  const unfinished = problemOfRows(current, properties) ?? problemOfRoots(query, datasets, missingRoots)
  if (unfinished !== undefined) throw new OperationalError('zfs-output', `zfs get: ${unfinished}`)
  return {datasets: Array.from(datasets.values()), bookmarks: Array.from(bookmarks.values())}
}

/** What the sources `local`, `default` and `none` print as. */
const SOURCES = new Set(['local', 'default', '-'])

type Rows = {
  readonly name: string
  readonly dataset: DatasetName
  /** The part behind `#`; `undefined`: these are the dataset's own. */
  readonly bookmark: string | undefined
  readonly values: string[]
}

function rowsFor(name: string, {bookmarks}: AlsoAsked): Rows {
  if (bookmarks !== true || !name.includes('#'))
    return {name, dataset: parseDatasetName(name), bookmark: undefined, values: []}
  const bookmark = parseBookmarkName(name)
  return {name, dataset: datasetOf(bookmark), bookmark: shortNameOf(bookmark), values: []}
}

/** The dataset as far as its rows tell: `undefined` until there are enough of them, a text when one is wrong. */
function datasetOfRows(
  {dataset: name, values}: Rows,
  properties: readonly string[],
): Dataset | string | undefined {
  const [type, token, encryption, keystatus, written] = values
  const state = properties.includes(OF_SNAPSHOTS_STATE[0]) ? values.slice(NEEDED.length) : []
  const placeholder = values[properties.length - 1]
  if (type !== 'filesystem' && type !== 'volume') return 'neither filesystem nor volume'
  if (token !== undefined && !/^[\x21-\x7e]*$/.test(token)) return 'bad receive_resume_token'
  if (token === undefined || encryption === undefined || keystatus === undefined || written === undefined)
    return undefined
  if (!/^(-|[a-z][a-z0-9-]*)$/.test(encryption)) return 'bad encryption'
  if (!/^(-|[a-z]+)$/.test(keystatus)) return 'bad keystatus'
  if (!/^(-|0|[1-9][0-9]{0,19})$/.test(written)) return 'bad written'
  const marked = placeholder === undefined ? 'foreign' : readPlaceholderValue(name, placeholder)
  const snapshotsState = readSnapshotsState(state)
  return {
    name,
    type,
    placeholder: marked === 'on' || marked === 'legacy',
    placeholderValue: placeholder === '-' ? undefined : placeholder,
    resumeToken: token === '-' || token === '' ? undefined : token,
    encrypted: encryption !== 'off' && encryption !== '-',
    keyLoaded: keystatus === 'available',
    written: written === '-' ? 0n : BigInt(written),
    ...(snapshotsState === undefined ? {} : {snapshotsState}),
  }
}

/** A bookmark likewise. */
function bookmarkOfRows(
  {dataset: filesystem, values}: Rows,
  name: string,
  properties: readonly string[],
): Bookmark | string | undefined {
  const [type] = values
  if (type !== 'bookmark') return 'not a bookmark'
  // All that follows is the placeholder's row, which may be absent.
  if (values.length < properties.length - 1) return undefined
  const told = (property: string) => values[properties.indexOf(property)] ?? ''
  const creation = parseCreation(told('creation'))
  if (creation === undefined) return 'bad creation'
  return {
    kind: 'bookmark',
    filesystem,
    name,
    guid: parseGuid(told('guid')),
    createtxg: parseCreatetxg(told('createtxg')),
    creation,
  }
}

/** `undefined` where anything is not as it should be: nothing depends on it but time. */
function readSnapshotsState([guid, createtxg, origin, changed]: readonly (string | undefined)[]):
  | SnapshotsState
  | undefined {
  if (guid === undefined || createtxg === undefined || origin === undefined) return undefined
  if (changed === undefined || !/^(-|[1-9][0-9]{0,10})$/.test(changed)) return undefined
  return {
    guid: parseGuid(guid),
    createtxg: parseCreatetxg(createtxg),
    origin,
    changedSeconds: changed === '-' ? 0 : Number(changed),
  }
}

function problemOfRows(rows: Rows | undefined, properties: readonly string[]): string | undefined {
  const needed = properties.length - 1
  if (rows === undefined || rows.values.length >= needed) return undefined
  return `${properties[rows.values.length]} of ${quoted(rows.name)} is missing`
}

function problemOfRoots(
  query: ListQuery,
  datasets: ReadonlyMap<string, Dataset>,
  missingRoots: readonly string[],
): string | undefined {
  const silent = query.roots.find((root) => !datasets.has(root) && !missingRoots.includes(root))
  return silent === undefined
    ? undefined
    : `${quoted(silent)} was asked for, but is neither listed nor missing`
}
