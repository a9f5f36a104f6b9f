import {printable, quoted} from '../core/printable.ts'

declare const brand: unique symbol
type Brand<T, Name extends string> = T & {readonly [brand]: Name}

/** `pool/a/b`, a live filesystem or volume. */
export type DatasetName = Brand<string, 'DatasetName'>
/** `pool/a@name`. */
export type SnapshotName = Brand<string, 'SnapshotName'>
/** `pool/a#name`. */
export type BookmarkName = Brand<string, 'BookmarkName'>
/** Tag of a user hold. */
export type HoldTag = Brand<string, 'HoldTag'>
/** uint64 as canonical decimal text: it exceeds 2^53, so it is compared for equality and never computed with. */
export type Guid = Brand<string, 'Guid'>
/** uint64. Order within one pool. */
export type Createtxg = Brand<bigint, 'Createtxg'>

/** Longest name ZFS stores, the part behind `@` or `#` included. All valid characters are one byte. */
export const MAX_NAME_BYTES = 255

/** ZFS refuses to create deeper datasets (`zfs_max_dataset_nesting`). */
export const MAX_COMPONENTS = 50

/** Text that is not the name it was taken for. The message quotes it, safe to print. */
export class NameError extends Error {
  override readonly name = 'NameError'
  /** Well-formed names can be too long or too deep together, which is nobody's typing mistake. */
  readonly problem: 'malformed' | 'too-long' | 'too-deep'

  constructor(message: string, problem: NameError['problem'] = 'malformed') {
    super(message)
    this.problem = problem
  }
}

/**
 * Reads the name of a filesystem or volume.
 *
 * The rules are those of ZFS as zrepl applies them: ASCII, at most 255 bytes, valid components between single slashes,
 * no `@ # % ,`. A pool starts with a letter, so that a name can never be taken for an option of a command.
 * Throws `NameError`.
 */
export function parseDatasetName(text: string): DatasetName {
  checkEntity(text, 'dataset', text.length)
  return text as DatasetName
}

/** Reads `dataset@name`: both parts valid, exactly one `@` and no `#`. Throws `NameError`. */
export function parseSnapshotName(text: string): SnapshotName {
  checkEntity(text, 'snapshot', text.indexOf('@'))
  return text as SnapshotName
}

/** Reads `dataset#name`: both parts valid, exactly one `#` and no `@`. Throws `NameError`. */
export function parseBookmarkName(text: string): BookmarkName {
  checkEntity(text, 'bookmark', text.indexOf('#'))
  return text as BookmarkName
}

/**
 * Reads one component of a dataset name, or the name of a snapshot or bookmark without its dataset: 1 to 255 of
 * letters, digits, `-`, `_`, `.`, `:` and space; not `.` and not `..`. Nothing is trimmed. Throws `NameError`.
 */
export function parseComponent(text: string): string {
  const problem = componentProblem(text, 0, text.length)
  if (problem !== undefined) throw new NameError(`bad name ${quoted(text)}: ${problem}`)
  if (text.length > MAX_NAME_BYTES) throw tooLong('name', text)
  return text
}

/** Reads the tag of a hold: 1 to 255 printable ASCII characters, the first not a `.`. Throws `NameError`. */
export function parseHoldTag(text: string): HoldTag {
  const problem = holdTagProblem(text)
  if (problem !== undefined) throw new NameError(`bad hold tag ${quoted(text)}: ${problem}`)
  if (text.length > MAX_NAME_BYTES) throw tooLong('hold tag', text)
  return text as HoldTag
}

/**
 * A tag as found on a pool. Anybody may have set it (`zfs send -R` sets its own, with a dot in front), so what we
 * could never have set ourselves is escaped and cut instead of refused; it then contains a backslash and equals no
 * tag of ours. Throws `NameError` when it is empty.
 */
export function foundHoldTag(text: string): HoldTag {
  if (text === '') throw new NameError('bad hold tag: empty')
  if (text.length <= MAX_NAME_BYTES && holdTagProblem(text) === undefined) return text as HoldTag
  const escaped = printable(text).replace(/^\./, '\\x2e').replaceAll('…', '')
  return `${escaped.slice(0, MAX_NAME_BYTES - 1)}\\` as HoldTag
}

/** Reads a guid: canonical decimal in 1…2^64-1. Throws `NameError`. */
export function parseGuid(text: string): Guid {
  if (!isPositiveUint64(text)) throw new NameError(`bad guid ${quoted(text)}`)
  return text as Guid
}

/** Reads a createtxg: canonical decimal in 1…2^64-1. Throws `NameError`. */
export function parseCreatetxg(text: string): Createtxg {
  if (!isPositiveUint64(text)) throw new NameError(`bad createtxg ${quoted(text)}`)
  return BigInt(text) as Createtxg
}

/** The guid as it stands in bookmark names: 16 lower-case hex digits. */
export function formatGuidHex(guid: Guid): string {
  return BigInt(guid).toString(16).padStart(16, '0')
}

/** Reads what `formatGuidHex` writes. Throws `NameError`. */
export function parseGuidHex(text: string): Guid {
  if (!/^[0-9a-f]{16}$/.test(text)) throw new NameError(`bad guid ${quoted(text)}: not 16 hex digits`)
  return parseGuid(BigInt(`0x${text}`).toString())
}

/** `dataset@name`. Throws `NameError` when `name` is no component or the whole is too long. */
export function snapshotName(dataset: DatasetName, name: string): SnapshotName {
  return parseSnapshotName(`${dataset}@${name}`)
}

/** `dataset#name`. Throws `NameError` when `name` is no component or the whole is too long. */
export function bookmarkName(dataset: DatasetName, name: string): BookmarkName {
  return parseBookmarkName(`${dataset}#${name}`)
}

/** The dataset at `path` below `root`. Throws `NameError` when `path` is no dataset path or the whole is too long or deep. */
export function childOf(root: DatasetName, path: string): DatasetName {
  return parseDatasetName(`${root}/${path}`)
}

/** What `childOf(root, …)` was given: the path of `dataset` below `root`; `undefined` when it is not strictly below. */
export function pathBelow(dataset: DatasetName, root: DatasetName): string | undefined {
  return dataset.startsWith(`${root}/`) ? dataset.slice(root.length + 1) : undefined
}

/** True for `root` itself and everything below. `tank/client10` is not below `tank/client1`. */
export function isBelowOrEqual(dataset: DatasetName, root: DatasetName): boolean {
  return dataset === root || dataset.startsWith(`${root}/`)
}

/** `['pool', 'a', 'b']` of `pool/a/b`. */
export function componentsOf(dataset: DatasetName): readonly string[] {
  return dataset.split('/')
}

/** The dataset `dataset` lies directly in; `undefined` for the root dataset of a pool. */
export function parentOf(dataset: DatasetName): DatasetName | undefined {
  const slash = dataset.lastIndexOf('/')
  return slash === -1 ? undefined : (dataset.slice(0, slash) as DatasetName)
}

/** The pool a dataset, snapshot or bookmark belongs to. */
export function poolOf(name: DatasetName | SnapshotName | BookmarkName): string {
  return /^[^/@#]*/.exec(name)?.[0] ?? name
}

/** The dataset of a snapshot or bookmark. */
export function datasetOf(name: SnapshotName | BookmarkName): DatasetName {
  return name.slice(0, delimiterIn(name)) as DatasetName
}

/** The part of a snapshot's or bookmark's name behind `@` or `#`. */
export function shortNameOf(name: SnapshotName | BookmarkName): string {
  return name.slice(delimiterIn(name) + 1)
}

/** `dataset@name` taken apart. */
export function splitSnapshotName(name: SnapshotName): {
  readonly dataset: DatasetName
  readonly name: string
} {
  return {dataset: datasetOf(name), name: shortNameOf(name)}
}

/** `delimiter` is where `@` or `#` was found, or the length of the text where there must be none. */
function checkEntity(text: string, what: 'dataset' | 'snapshot' | 'bookmark', delimiter: number): void {
  const problem = entityProblem(text, delimiter)
  if (problem !== undefined) throw new NameError(`bad ${what} name ${quoted(text)}: ${problem}`)
  if (text.length > MAX_NAME_BYTES) throw tooLong(`${what} name`, text)
  if (countSlashes(text) >= MAX_COMPONENTS) {
    throw new NameError(
      `bad ${what} name ${quoted(text)}: deeper than ${MAX_COMPONENTS} components`,
      'too-deep',
    )
  }
}

function entityProblem(text: string, delimiter: number): string | undefined {
  if (text === '') return 'empty'
  if (delimiter === -1) return 'no delimiter'
  if (!/^[A-Za-z]/.test(text)) return 'a pool starts with a letter'
  for (let start = 0; start <= delimiter; ) {
    const slash = text.indexOf('/', start)
    const end = slash === -1 || slash > delimiter ? delimiter : slash
    const problem = componentProblem(text, start, end)
    if (problem !== undefined) return problem
    start = end + 1
  }
  return delimiter < text.length ? componentProblem(text, delimiter + 1, text.length) : undefined
}

function componentProblem(text: string, start: number, end: number): string | undefined {
  if (start === end) return 'empty component'
  for (let index = start; index < end; index++) {
    if (!isNameCharacter(text.charCodeAt(index)))
      return `the character ${quoted(text.charAt(index))} is not allowed`
  }
  if (text.charCodeAt(start) !== DOT) return undefined
  const length = end - start
  return length === 1 || (length === 2 && text.charCodeAt(start + 1) === DOT)
    ? 'a component is . or ..'
    : undefined
}

const DOT = 0x2e
const NAME_CHARACTERS = new Set(
  Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.: ', (char) =>
    char.charCodeAt(0),
  ),
)
const IS_NAME_CHARACTER = Uint8Array.from({length: 128}, (_, code) => (NAME_CHARACTERS.has(code) ? 1 : 0))

function isNameCharacter(code: number): boolean {
  return IS_NAME_CHARACTER[code] === 1
}

function holdTagProblem(text: string): string | undefined {
  if (text === '') return 'empty'
  if (text.startsWith('.')) return 'starts with a dot'
  return /^[\x20-\x7e]*$/.test(text) ? undefined : 'not printable ASCII'
}

function countSlashes(text: string): number {
  let count = 0
  for (let at = text.indexOf('/'); at !== -1; at = text.indexOf('/', at + 1)) count++
  return count
}

/** uint64 is at most 20 digits, and texts of equal length compare like their numbers. */
function isPositiveUint64(text: string): boolean {
  return /^[1-9][0-9]{0,19}$/.test(text) && (text.length < 20 || text <= '18446744073709551615')
}

function delimiterIn(name: SnapshotName | BookmarkName): number {
  const at = name.indexOf('@')
  return at === -1 ? name.indexOf('#') : at
}

function tooLong(what: string, text: string): NameError {
  return new NameError(`bad ${what} ${quoted(text)}: longer than ${MAX_NAME_BYTES} bytes`, 'too-long')
}
