import {assert} from '../core/assert.ts'
import type {JudgedSnapshot, ListQuery, NewBookmark, ReceiveArgs, SendArgs, SendFlags} from './client.ts'
import {PROGRAM_LIMITS, programGuid} from './destroy-program.ts'
import {
  type BookmarkName,
  type DatasetName,
  datasetOf,
  type HoldTag,
  poolOf,
  type SnapshotName,
  shortNameOf,
} from './name.ts'
import {PLACEHOLDER_PROPERTY} from './placeholder.ts'
import {POOL_PROPERTIES} from './read-load-guids.ts'
import {type AlsoAsked, datasetProperties} from './read-properties.ts'
import {nameOfSnapshot, nameOfVersion} from './version.ts'

/** A command is data before it is a process: it can be shown, compared and refused, and no shell ever sees it. */
export type ZfsCommand = {
  readonly program: 'zfs' | 'zpool'
  /** The words behind the program's name. */
  readonly argv: readonly string[]
  /** Whether it changes anything on a pool. A dry run has no command that does. */
  readonly mutates: boolean
}

/**
 * The datasets of `query` with the properties `Dataset` needs, and perhaps their bookmarks, for `readProperties`. That takes
 * no longer where there are many snapshots.
 *
 * The sources are chosen so that a received or inherited `zrepl:placeholder` is never printed: a peer may have put
 * anything into it (threat T11). Nothing else is lost: `type`, `receive_resume_token` and the `encryption` of an
 * encrypted dataset have no source, and `encryption` is `default` or local where it is off.
 */
export function listDatasetsCommand(query: ListQuery, how: AlsoAsked = {snapshotsState: false}): ZfsCommand {
  const depth = query.recursive ? ['-r'] : ['-d', '0']
  const sources = 'local,default,none'
  const properties = datasetProperties(how).join(',')
  const options = [
    ...depth,
    '-t',
    how.bookmarks === true ? 'filesystem,volume,bookmark' : 'filesystem,volume',
    '-s',
    sources,
    '-o',
    'name,property,value,source',
    properties,
  ]
  return reading('get', '-Hp', ...options, ...operands(query.roots))
}

/** The snapshots and bookmarks of the datasets of `query`, for `createListReader`. */
export function listVersionsCommand(query: ListQuery): ZfsCommand {
  return listing(VERSION_COLUMNS, ...belonging(query))
}

const VERSION_COLUMNS = 'name,guid,createtxg,creation,userrefs,clones'

/**
 * The snapshots and bookmarks of the datasets of `query` with what ZFS tells without opening them, for
 * `createIdentityReader`: since OpenZFS 2.2 quicker than all their columns (`dsl_dataset_fast_stat`).
 */
export function listIdentitiesCommand(query: ListQuery): ZfsCommand {
  return listing('name,guid,createtxg,numclones', ...belonging(query))
}

/** These snapshots and bookmarks and nothing else, for `createListReader`. */
export function listNamedCommand(names: readonly (SnapshotName | BookmarkName)[]): ZfsCommand {
  return listing(VERSION_COLUMNS, ...someOperands(names))
}

function listing(columns: string, ...what: readonly string[]): ZfsCommand {
  return reading('list', '-Hp', '-t', 'snapshot,bookmark', '-o', columns, '-s', 'createtxg', ...what)
}

/** Words for the versions of the datasets of `query`. */
function belonging({recursive, roots}: ListQuery): readonly string[] {
  return [...(recursive ? ['-r'] : ['-d', '1', '-r']), ...operands(roots)]
}

/** What `readLoadGuids` reads: a number that each import gives to a pool anew, and a feature (zpoolprops(7)). */
export function loadGuidsCommand(pools: readonly string[]): ZfsCommand {
  const options = ['-Hp', '-o', 'name,property,value', POOL_PROPERTIES.join(',')]
  return {program: 'zpool', argv: ['get', ...options, ...someOperands(pools)], mutates: false}
}

/** How much was written since the newest snapshot of each of these datasets, for `readWritten`. */
export function listWrittenCommand(datasets: readonly DatasetName[]): ZfsCommand {
  const options = ['-d', '0', '-t', 'filesystem,volume', '-o', 'name,written']
  return reading('list', '-Hp', ...options, ...someOperands(datasets))
}

/** Which of `properties` have a value that came with a stream, for `readReceived`. The values are not printed. */
export function listReceivedCommand(dataset: DatasetName, properties: readonly string[]): ZfsCommand {
  const options = ['-t', 'filesystem,volume', '-s', 'received', '-o', 'name,property,source']
  return reading('get', '-Hp', ...options, properties.map(propertyName).join(','), operand(dataset))
}

/** Where the key of a dataset is fetched from, for `readKeyLocation`. */
export function keyLocationCommand(dataset: DatasetName): ZfsCommand {
  return reading('get', '-Hp', '-o', 'name,property,value', 'keylocation', operand(dataset))
}

/** The user holds on these snapshots, for `readHolds`. */
export function listHoldsCommand(snapshots: readonly SnapshotName[]): ZfsCommand {
  return reading('holds', '-H', ...someOperands(snapshots))
}

/** One snapshot each, all of one pool, in one transaction. */
export function snapshotCommand(snapshots: readonly SnapshotName[]): ZfsCommand {
  assert(new Set(snapshots.map(poolOf)).size === 1, 'snapshots of one command are of one pool')
  return changing('snapshot', ...someOperands(snapshots))
}

/** Sets `tag` on each snapshot, one after the other. */
export function holdCommand(tag: HoldTag, snapshots: readonly SnapshotName[]): ZfsCommand {
  return changing('hold', operand(tag), ...someOperands(snapshots))
}

/** Removes `tag` from each snapshot, one after the other. */
export function releaseCommand(tag: HoldTag, snapshots: readonly SnapshotName[]): ZfsCommand {
  return changing('release', operand(tag), ...someOperands(snapshots))
}

/** A bookmark of a snapshot, or since OpenZFS 2.0 of another bookmark. */
export function bookmarkCommand({bookmark, source}: NewBookmark): ZfsCommand {
  assert(datasetOf(bookmark) === source.filesystem, 'a bookmark belongs to the dataset of its source')
  return changing('bookmark', operand(nameOfVersion(source)), operand(bookmark))
}

/** Destroys snapshots of one dataset: all of them, or none if one cannot be destroyed. Missing ones are ignored. */
export function destroySnapshotsCommand(snapshots: readonly SnapshotName[]): ZfsCommand {
  return changing('destroy', listOperand(snapshots))
}

/** Runs `DESTROY_PROGRAM`, given on stdin, for `readDestroyProgram`: destroys snapshots of one pool if they are the ones judged. */
export function destroyProgramCommand(snapshots: readonly JudgedSnapshot[]): ZfsCommand {
  const [first] = snapshots
  assert(first !== undefined, 'nothing to destroy')
  const pool = poolOf(first.name)
  assert(
    snapshots.every(({name}) => poolOf(name) === pool),
    'snapshots of one program are of one pool',
  )
  for (const {name} of snapshots) assertOneVersion(name, '@')
  const {instructions, memoryBytes} = PROGRAM_LIMITS
  const limits = ['-t', instructions.toString(), '-m', memoryBytes.toString()]
  const words = snapshots.flatMap(({name, guid}) => [operand(name), programGuid(guid)])
  return changing('program', '-j', ...limits, pool, '-', ...words)
}

/** Prints what `destroySnapshotsCommand(snapshots)` would free, for `readDestroyEstimate`; `-n` is what keeps it from doing so. */
export function estimateDestroyCommand(snapshots: readonly SnapshotName[]): ZfsCommand {
  return reading('destroy', '-n', '-v', '-p', listOperand(snapshots))
}

/** `fs@a,b,c`. */
function listOperand(snapshots: readonly SnapshotName[]): string {
  const [first] = snapshots
  assert(first !== undefined, 'nothing to destroy')
  const dataset = datasetOf(first)
  assert(
    snapshots.every((snapshot) => datasetOf(snapshot) === dataset),
    'snapshots of one command are of one dataset',
  )
  for (const snapshot of snapshots) assertOneVersion(snapshot, '@')
  return operand(`${dataset}@${snapshots.map(shortNameOf).join(',')}`)
}

/** Destroys one bookmark: `zfs destroy` takes no list of them. */
export function destroyBookmarkCommand(bookmark: BookmarkName): ZfsCommand {
  assertOneVersion(bookmark, '#')
  return changing('destroy', operand(bookmark))
}

/** An empty dataset that is never mounted. `inherit` adds no option: the dataset is encrypted like its parent. */
export function createPlaceholderCommand(dataset: DatasetName, encryption: 'inherit' | 'off'): ZfsCommand {
  assert(dataset.includes('/'), 'a pool cannot be created as a placeholder')
  const options = ['-o', `${PLACEHOLDER_PROPERTY}=on`, '-o', 'mountpoint=none']
  return changing(
    'create',
    ...options,
    ...(encryption === 'off' ? ['-o', 'encryption=off'] : []),
    operand(dataset),
  )
}

/** Marks a dataset as a placeholder, or as none any more. */
export function setPlaceholderCommand(dataset: DatasetName, value: 'on' | 'off'): ZfsCommand {
  return changing('set', `${PLACEHOLDER_PROPERTY}=${value}`, operand(dataset))
}

/** Says where the key of a dataset is fetched from; the key itself stays. */
export function setKeyLocationCommand(dataset: DatasetName, location: string): ZfsCommand {
  return changing('set', `keylocation=${location}`, operand(dataset))
}

/** Gives a dataset and all below it another name in the same pool. */
export function renameCommand(from: DatasetName, to: DatasetName): ZfsCommand {
  assert(poolOf(from) === poolOf(to), 'a dataset cannot be renamed into another pool')
  return changing('rename', operand(from), operand(to))
}

/** Reads a stream from stdin. Never mounts; keeps what arrived of an interrupted stream. */
export function receiveCommand(args: ReceiveArgs): ZfsCommand {
  const inherit = args.inherit.flatMap((property) => ['-x', propertyName(property)])
  const override = Array.from(args.override, ([property, value]) => [
    '-o',
    `${propertyName(property)}=${value}`,
  ]).flat()
  const force = args.replacesPlaceholder ? ['-F'] : []
  return changing('receive', '-s', '-u', ...force, ...inherit, ...override, operand(args.to))
}

/** Gives up a partial receive. */
export function abortReceiveCommand(dataset: DatasetName): ZfsCommand {
  return changing('receive', '-A', operand(dataset))
}

/** Writes a stream to stdout. */
export function sendCommand(args: SendArgs): ZfsCommand {
  return reading('send', ...sendWords(args))
}

/** Prints how long the stream of `sendCommand(args)` would be, for `readSendEstimate`. */
export function estimateCommand(args: SendArgs): ZfsCommand {
  return reading('send', '-n', '-v', '-P', ...sendWords(args))
}

/** With a resume token the token says the rest; only `-w` is repeated, so that no token can turn a raw send into a plain one. */
function sendWords({flags, from, to, resumeToken}: SendArgs): readonly string[] {
  if (resumeToken !== undefined) {
    assert(
      /^1-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$/.test(resumeToken),
      'a resume token is decoded before it is used',
    )
    return [...(flags.raw ? ['-w'] : []), '-t', resumeToken]
  }
  assert(from === undefined || from.filesystem === to.filesystem, 'both ends of a step are of one dataset')
  const base = from === undefined ? [] : ['-i', operand(nameOfVersion(from))]
  const options = SEND_OPTIONS.flatMap(([flag, option]) => (flags[flag] ? [option] : []))
  return [...options, ...base, operand(nameOfSnapshot(to))]
}

const SEND_OPTIONS: readonly (readonly [keyof SendFlags, string])[] = [
  ['raw', '-w'],
  ['properties', '-p'],
  ['backupProperties', '-b'],
  ['largeBlocks', '-L'],
  ['compressed', '-c'],
  ['embedded', '-e'],
  ['saved', '-S'],
]

function reading(...argv: readonly string[]): ZfsCommand {
  return {program: 'zfs', argv, mutates: false}
}

function changing(...argv: readonly string[]): ZfsCommand {
  return {program: 'zfs', argv, mutates: true}
}

function someOperands(words: readonly string[]): readonly string[] {
  assert(words.length > 0, 'a command without objects would mean all of them')
  return operands(words)
}

function operands(words: readonly string[]): readonly string[] {
  return words.map(operand)
}

/** A word that comes from data and can therefore never be taken for an option (threat T5). */
function operand(word: string): string {
  assert(word !== '' && !word.startsWith('-'), 'a name that starts with a dash cannot be an argument')
  return word
}

/** `%` is a range of snapshots, `,` a list of them: neither may come in through a name (threat T4). */
function assertOneVersion(name: string, delimiter: '@' | '#'): void {
  const delimiters = name.replace(/[^@#]/g, '')
  assert(
    delimiters === delimiter && !/[%,]/.test(name),
    `destroy takes exactly one ${delimiter}name at a time`,
  )
  assert(!name.endsWith(delimiter), 'destroy needs a name')
}

function propertyName(property: string): string {
  assert(/^[0-9a-zA-Z_.:][0-9a-zA-Z_.:-]{0,255}$/.test(property), 'not the name of a property')
  return property
}
