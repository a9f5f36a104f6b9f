import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {ListQuery} from './client.ts'
import {createLineReader} from './line-reader.ts'
import {
  type Createtxg,
  type DatasetName,
  MAX_NAME_BYTES,
  parseComponent,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
} from './name.ts'
import {createQueryScope, type Scope} from './query-scope.ts'
import {byCreatetxg, type Identity, shortName, type Version} from './version.ts'

/** Reads a list of versions while `zfs list` prints it. */
export type ListReader<T = Version> = {
  /** The next bytes that were printed. */
  take(piece: Uint8Array): void
  /**
   * Nothing follows: the versions by dataset, each list in order of createtxg. A dataset without versions has no entry.
   * Throws `zfs-output` when anything was not understood.
   */
  end(): ReadonlyMap<DatasetName, readonly T[]>
}

/**
 * Reads what `listVersionsCommand(query)` prints. Of the text nothing is kept.
 *
 * Rows below a root that was not to be listed recursively are left out. Not understood is everything else that was not
 * asked for, and what cannot be: a name twice, two snapshots of a dataset with one createtxg.
 */
export function createListReader(query: ListQuery): ListReader {
  const read = {...createReaders(), creation: rememberingLast(parseCreation)}
  return createReader(query, ['creation', 'userrefs', 'clones'], (filesystem, row) =>
    versionOf(filesystem, row, read),
  )
}

/** The same for what `listIdentitiesCommand(query)` prints. */
export function createIdentityReader(query: ListQuery): ListReader<Identity> {
  const read = createReaders()
  return createReader(query, ['numclones'], (filesystem, row) => identityOf(filesystem, row, read))
}

/** `further`: the columns behind name, guid and createtxg. `read`: what a row says, or what is wrong with it. */
function createReader<T extends Listed>(
  query: ListQuery,
  further: readonly string[],
  read: (filesystem: DatasetName, row: Row) => T | string,
): ListReader<T> {
  const scopeOf = createQueryScope(query)
  const histories = new Map<string, History<T>>()

  function historyOf(text: string): History<T> {
    const known = histories.get(text)
    if (known !== undefined) return known
    const dataset = parseDatasetName(text)
    const history: History<T> = {dataset, scope: scopeOf(dataset), versions: []}
    histories.set(text, history)
    return history
  }

  let before: Row = {...NO_ROW, further: further.map(() => '')}
  const lines = createLineReader('zfs list', (bytes, start, end) => {
    const row = rowOf(bytes, start, end, before)
    if (row === undefined) return `not ${NAMED_COLUMNS + further.length} fields`
    before = row
    const history = historyOf(row.dataset)
    if (history.scope === 'outside') return 'this dataset was not asked for'
    if (history.scope === 'below' || row.delimiter === undefined) return undefined
    if (row.nameBytes > MAX_NAME_BYTES) return `longer than ${MAX_NAME_BYTES} bytes`

    const version = read(history.dataset, row)
    if (typeof version === 'string') return version
    history.versions.push(version)
    return undefined
  })

  return {
    take: lines.take,
    end() {
      lines.end()
      return inOrder(histories.values())
    },
  }
}

type Listed = Pick<Version, 'kind' | 'name' | 'createtxg'>
type History<T> = {readonly dataset: DatasetName; readonly scope: Scope; readonly versions: T[]}

/** The fields of a row, as text. */
type Row = {
  readonly dataset: string
  /** `undefined`: the row is the dataset's own. */
  readonly delimiter: '@' | '#' | undefined
  readonly name: string
  /** Length of all of the name, dataset included. */
  readonly nameBytes: number
  readonly guid: string
  readonly createtxg: string
  readonly further: readonly string[]
}

/** Name, guid and createtxg. */
const NAMED_COLUMNS = 3

const TAB = 0x09
const AT = 0x40
const HASH = 0x23

const NO_ROW: Row = {
  dataset: '',
  delimiter: undefined,
  name: '',
  nameBytes: 0,
  guid: '',
  createtxg: '',
  further: [],
}

/**
 * Takes a line apart where it lies, into as many fields as the row before it has. Most of what a row says the row before it
 * has said as well, as snapshots taken together follow each other: that is compared, which is faster than to make another
 * text of it, and kept once.
 */
function rowOf(bytes: Buffer, start: number, end: number, before: Row): Row | undefined {
  const tabs: number[] = []
  let delimiter = -1
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]
    if (byte === TAB) tabs.push(at)
    else if (delimiter === -1 && tabs.length === 0 && (byte === AT || byte === HASH)) delimiter = at
  }
  const [name = 0, guid = 0, createtxg = 0] = tabs
  if (tabs.length !== NAMED_COLUMNS - 1 + before.further.length) return undefined
  return {
    dataset: textOf(bytes, start, delimiter === -1 ? name : delimiter, before.dataset),
    delimiter: delimiter === -1 ? undefined : bytes[delimiter] === AT ? '@' : '#',
    name: delimiter === -1 ? '' : textOf(bytes, delimiter + 1, name, before.name),
    nameBytes: name - start,
    guid: bytes.toString('latin1', name + 1, guid),
    createtxg: textOf(bytes, guid + 1, createtxg, before.createtxg),
    further: before.further.map((likely, index) => {
      const at = NAMED_COLUMNS - 1 + index
      return textOf(bytes, (tabs[at] ?? end) + 1, tabs[at + 1] ?? end, likely)
    }),
  }
}

/** The text between two places, `likely` itself where it is the same. */
function textOf(bytes: Buffer, start: number, end: number, likely: string): string {
  if (end - start !== likely.length) return bytes.toString('latin1', start, end)
  // What differs mostly differs at its end.
  for (let at = likely.length - 1; at >= 0; at -= 1)
    if (bytes[start + at] !== likely.charCodeAt(at)) return bytes.toString('latin1', start, end)
  return likely
}

type Readers = {
  readonly name: (text: string) => string
  readonly createtxg: (text: string) => Createtxg
}

function createReaders(): Readers {
  return {name: rememberingLast(parseComponent), createtxg: rememberingLast(parseCreatetxg)}
}

/** `read`, that does not read the same text twice in a row: many versions share what it has returned. */
function rememberingLast<T>(read: (text: string) => T): (text: string) => T {
  let last: {readonly text: string; readonly value: T} | undefined
  return (text) => {
    if (last?.text !== text) last = {text, value: read(text)}
    return last.value
  }
}

/** A version from its row, or what is wrong with it. */
function versionOf(
  filesystem: DatasetName,
  row: Row,
  read: Readers & {readonly creation: (text: string) => number | undefined},
): Version | string {
  const name = read.name(row.name)
  const guid = parseGuid(row.guid)
  const createtxg = read.createtxg(row.createtxg)
  const [creationText = '', userrefsText = '', clonesText = ''] = row.further
  const creation = read.creation(creationText)
  if (creation === undefined) return 'bad creation'
  if (row.delimiter === '#') {
    if (userrefsText !== '-') return 'a bookmark with userrefs'
    if (clonesText !== '-') return 'a bookmark with clones'
    return {kind: 'bookmark', filesystem, name, guid, createtxg, creation}
  }
  const userrefs = parseUserrefs(userrefsText)
  if (userrefs === undefined) return 'bad userrefs'
  const clones = parseClones(clonesText)
  if (clones === undefined) return {kind: 'snapshot', filesystem, name, guid, createtxg, creation, userrefs}
  return {kind: 'snapshot', filesystem, name, guid, createtxg, creation, userrefs, clones}
}

/** An identity from its row, or what is wrong with it. */
function identityOf(filesystem: DatasetName, row: Row, read: Readers): Identity | string {
  const kind = row.delimiter === '#' ? 'bookmark' : 'snapshot'
  const [numclones = ''] = row.further
  if (!(kind === 'bookmark' ? /^-$/ : /^(0|[1-9][0-9]{0,8})$/).test(numclones)) return 'bad numclones'
  return {
    kind,
    filesystem,
    name: read.name(row.name),
    guid: parseGuid(row.guid),
    createtxg: read.createtxg(row.createtxg),
    isCloned: kind === 'snapshot' && numclones !== '0',
  }
}

function inOrder<T extends Listed>(histories: Iterable<History<T>>): ReadonlyMap<DatasetName, readonly T[]> {
  const ordered = new Map<DatasetName, readonly T[]>()
  for (const {dataset, versions} of histories) {
    if (versions.length === 0) continue
    const sorted = isInOrder(versions) ? versions : versions.sort(byCreatetxg)
    const problem = problemOfHistory(dataset, sorted)
    if (problem !== undefined) throw new OperationalError('zfs-output', `zfs list printed ${problem}`)
    ordered.set(dataset, sorted)
  }
  return ordered
}

/** As `zfs list` has been asked to print them; only bookmarks may come behind their snapshots. */
function isInOrder(versions: readonly Listed[]): boolean {
  return versions.every((version, index) => {
    const before = versions[index - 1]
    return before === undefined || byCreatetxg(before, version) <= 0
  })
}

function problemOfHistory(dataset: DatasetName, sorted: readonly Listed[]): string | undefined {
  const seen = {snapshot: new Set<string>(), bookmark: new Set<string>()}
  for (const [index, version] of sorted.entries()) {
    if (isTwin(version, sorted[index + 1])) {
      return `two snapshots of ${quoted(dataset)} with createtxg ${version.createtxg}`
    }
    if (seen[version.kind].has(version.name)) return `${quoted(`${dataset}${shortName(version)}`)} twice`
    seen[version.kind].add(version.name)
  }
  return undefined
}

/** ZFS never puts two snapshots of one dataset into one transaction group. */
function isTwin(version: Listed, next: Listed | undefined): boolean {
  return version.kind === 'snapshot' && next?.kind === 'snapshot' && version.createtxg === next.createtxg
}

/** Farther than this from 1970 there are no dates. schemas/rpc-response.schema.json knows it too. */
const MAX_SECONDS = 8_640_000_000_000n

/** Seconds since 1970. A clock before 1970 gives a uint64 that means a negative number. */
export function parseCreation(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return undefined
  if (text.length <= 12) return Number(text)
  const seconds = BigInt.asIntN(64, BigInt(text))
  return seconds >= -MAX_SECONDS && seconds <= MAX_SECONDS ? Number(seconds) : undefined
}

/** Pools too old to know holds print `-` for their snapshots. */
function parseUserrefs(text: string): number | undefined {
  if (text === '-') return 0
  return /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : undefined
}

/** Long enough for some names; nobody reads those of a thousand. */
const MAX_CLONES_LENGTH = 512

/** Between commas, as printed; of many the first and how many more. `undefined` for none. */
function parseClones(text: string): string | undefined {
  if (text === '-' || text === '') return undefined
  if (text.length <= MAX_CLONES_LENGTH) return text
  const names = text.split(',')
  return `${names[0]?.slice(0, MAX_NAME_BYTES)} and ${names.length - 1} more`
}
