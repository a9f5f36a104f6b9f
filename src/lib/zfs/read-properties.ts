import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {ListQuery} from './client.ts'
import type {Dataset} from './dataset.ts'
import {forEachRow} from './for-each-row.ts'
import {type DatasetName, parseDatasetName} from './name.ts'
import {PLACEHOLDER_PROPERTY, readPlaceholderValue} from './placeholder.ts'
import {createQueryScope} from './query-scope.ts'

/** In the order in which they are asked for and printed. */
export const DATASET_PROPERTIES = [
  'type',
  'receive_resume_token',
  'encryption',
  'keystatus',
  'written',
  PLACEHOLDER_PROPERTY,
] as const

/**
 * Reads what `listDatasetsCommand(query)` printed, decoded as latin1: the datasets in the order printed.
 * `missingRoots` are the roots of which the same command said on stderr that they do not exist.
 *
 * The rows of a dataset must follow each other in the order of `DATASET_PROPERTIES`; only `zrepl:placeholder` may be
 * absent, where the command filtered an inherited or received value out. So a property value with line breaks in it
 * cannot pass for rows of another dataset: that dataset would then appear twice (threat T11).
 * Throws `zfs-output` on that and on everything else that is not understood.
 */
export function readProperties(
  stdout: string,
  query: ListQuery,
  missingRoots: readonly string[] = [],
): readonly Dataset[] {
  const scopeOf = createQueryScope(query)
  const datasets = new Map<string, Dataset>()
  let current: Rows | undefined

  forEachRow('zfs get', stdout, 4, (fields) => {
    const [name = '', property = '', value = '', source = ''] = fields
    if (!SOURCES.has(source)) return 'this source was not asked for'
    if (current?.name !== name) {
      const unfinished = problemOfRows(current)
      if (unfinished !== undefined) return unfinished
      if (datasets.has(name)) return 'listed twice'
      current = {name: parseDatasetName(name), values: []}
      if (scopeOf(current.name) !== 'asked') return 'this dataset was not asked for'
    }
    if (property !== DATASET_PROPERTIES[current.values.length]) return 'out of order'
    if (property === PLACEHOLDER_PROPERTY && source !== 'local' && value !== '-')
      return 'a value that is not local'
    current.values.push(value)
    const dataset = datasetOfRows(current)
    if (typeof dataset === 'string') return dataset
    if (dataset !== undefined) datasets.set(name, dataset)
    return undefined
  })

  const unfinished = problemOfRows(current) ?? problemOfRoots(query, datasets, missingRoots)
  if (unfinished !== undefined) throw new OperationalError('zfs-output', `zfs get: ${unfinished}`)
  return Array.from(datasets.values())
}

/** What the sources `local`, `default` and `none` print as. */
const SOURCES = new Set(['local', 'default', '-'])

type Rows = {readonly name: DatasetName; readonly values: string[]}

/** The dataset as far as its rows tell: `undefined` until there are enough of them, a text when one is wrong. */
function datasetOfRows({name, values}: Rows): Dataset | string | undefined {
  const [type, token, encryption, keystatus, written, placeholder] = values
  if (type !== 'filesystem' && type !== 'volume') return 'neither filesystem nor volume'
  if (token !== undefined && !/^[\x21-\x7e]*$/.test(token)) return 'bad receive_resume_token'
  if (token === undefined || encryption === undefined || keystatus === undefined || written === undefined)
    return undefined
  if (!/^(-|[a-z][a-z0-9-]*)$/.test(encryption)) return 'bad encryption'
  if (!/^(-|[a-z]+)$/.test(keystatus)) return 'bad keystatus'
  if (!/^(-|0|[1-9][0-9]{0,19})$/.test(written)) return 'bad written'
  const state = placeholder === undefined ? 'foreign' : readPlaceholderValue(name, placeholder)
  return {
    name,
    type,
    placeholder: state === 'on' || state === 'legacy',
    placeholderValue: placeholder === '-' ? undefined : placeholder,
    resumeToken: token === '-' || token === '' ? undefined : token,
    encrypted: encryption !== 'off' && encryption !== '-',
    keyLoaded: keystatus === 'available',
    written: written === '-' ? 0n : BigInt(written),
  }
}

function problemOfRows(rows: Rows | undefined): string | undefined {
  const needed = DATASET_PROPERTIES.length - 1
  if (rows === undefined || rows.values.length >= needed) return undefined
  return `${DATASET_PROPERTIES[rows.values.length]} of ${quoted(rows.name)} is missing`
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
