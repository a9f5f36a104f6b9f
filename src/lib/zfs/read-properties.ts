import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {ListQuery} from './client.ts'
import type {Dataset, SnapshotsState} from './dataset.ts'
import {forEachRow} from './for-each-row.ts'
import {type DatasetName, parseCreatetxg, parseDatasetName, parseGuid} from './name.ts'
import {PLACEHOLDER_PROPERTY, readPlaceholderValue} from './placeholder.ts'
import {createQueryScope} from './query-scope.ts'

/** In the order in which they are asked for and printed. */
const NEEDED = ['type', 'receive_resume_token', 'encryption', 'keystatus', 'written'] as const
/** Since OpenZFS 2.2; older ones refuse to print anything when they are asked for them. */
const OF_SNAPSHOTS_STATE = ['guid', 'createtxg', 'origin', 'snapshots_changed'] as const

/** The properties a `Dataset` is read from, in the order in which they are asked for and printed. */
export function datasetProperties({snapshotsState}: {readonly snapshotsState: boolean}): readonly string[] {
  return [...NEEDED, ...(snapshotsState ? OF_SNAPSHOTS_STATE : []), PLACEHOLDER_PROPERTY]
}

/**
 * Reads what `listDatasetsCommand(query, how)` printed, decoded as latin1: the datasets in the order printed.
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
  how: {readonly snapshotsState: boolean} = {snapshotsState: false},
): readonly Dataset[] {
  const properties = datasetProperties(how)
  const scopeOf = createQueryScope(query)
  const datasets = new Map<string, Dataset>()
  let current: Rows | undefined

  forEachRow('zfs get', stdout, 4, (fields) => {
    const [name = '', property = '', value = '', source = ''] = fields
    if (!SOURCES.has(source)) return 'this source was not asked for'
    if (current?.name !== name) {
      const unfinished = problemOfRows(current, properties)
      if (unfinished !== undefined) return unfinished
      if (datasets.has(name)) return 'listed twice'
      current = {name: parseDatasetName(name), values: []}
      if (scopeOf(current.name) !== 'asked') return 'this dataset was not asked for'
    }
    if (property !== properties[current.values.length]) return 'out of order'
    if (property === PLACEHOLDER_PROPERTY && source !== 'local' && value !== '-')
      return 'a value that is not local'
    current.values.push(value)
    const dataset = datasetOfRows(current, how)
    if (typeof dataset === 'string') return dataset
    if (dataset !== undefined) datasets.set(name, dataset)
    return undefined
  })

  const unfinished = problemOfRows(current, properties) ?? problemOfRoots(query, datasets, missingRoots)
  if (unfinished !== undefined) throw new OperationalError('zfs-output', `zfs get: ${unfinished}`)
  return Array.from(datasets.values())
}

/** What the sources `local`, `default` and `none` print as. */
const SOURCES = new Set(['local', 'default', '-'])

type Rows = {readonly name: DatasetName; readonly values: string[]}

/** The dataset as far as its rows tell: `undefined` until there are enough of them, a text when one is wrong. */
function datasetOfRows(
  {name, values}: Rows,
  how: {readonly snapshotsState: boolean},
): Dataset | string | undefined {
  const [type, token, encryption, keystatus, written] = values
  const state = how.snapshotsState ? values.slice(NEEDED.length) : []
  const placeholder = values[NEEDED.length + (how.snapshotsState ? OF_SNAPSHOTS_STATE.length : 0)]
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
