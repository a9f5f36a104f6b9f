import {
  addDataset,
  type Content,
  type Dataset,
  findDataset,
  type Host,
  mustFindPool,
  nextTxg,
  noteSnapshotsChanged,
  type PartialReceive,
  parentName,
} from '../pool.ts'
import type {Beginning} from '../stream.ts'
import {type Answer, type Command, cannotOpen, complained, SILENT} from './answer.ts'
import {readOptions} from './options.ts'
import {resumeTokenOf} from './properties.ts'

/** What `zfs receive` was told on its command line. */
export type ReceiveWords = {
  readonly dataset: string
  readonly name: string
  readonly force: boolean
  /** `-s`: what arrived of an interrupted stream is kept. */
  readonly saves: boolean
  readonly override: readonly (readonly [string, string])[]
}

/** A receive that has begun. `applied` blocks have arrived, of which the partial state has the last full pair. */
export type Receiving = {
  readonly words: ReceiveWords
  readonly dataset: Dataset
  readonly partial: PartialReceive
  readonly action: string
  content: Content
  applied: number
}

/** Blocks are on disk when the transaction group they belong to is: here, when there are two of them. */
const BLOCKS_PER_TXG = 2

export function readReceiveWords(words: readonly string[]): ReceiveWords {
  const {flags, values, operands} = readOptions(words, 'suF', 'ox')
  const [dataset = '', name = ''] = (operands[0] ?? '').split('@')
  const override = values('o').map((assignment): [string, string] => {
    const [property = '', value = ''] = assignment.split('=')
    return [property, value]
  })
  return {dataset, name, force: flags.has('F'), saves: flags.has('s'), override}
}

/**
 * Checks the first record against the pool and makes the partial state: a receive, a refusal, or `skip` (semantics 20).
 * Nothing is made while only the first record is there: the kernel wants the second before it begins.
 */
export function beginReceive(host: Host, words: ReceiveWords, begin: Beginning): Receiving | Answer | 'skip' {
  const dataset = findDataset(host, words.dataset)
  if (begin.resumeAt !== undefined) return resumeReceive(host, words, begin, dataset)
  return begin.fromguid === undefined
    ? beginFull(host, words, begin, dataset)
    : beginIncremental(host, words, begin, dataset)
}

const NEW = 'cannot receive new filesystem stream'
const INCREMENTAL = 'cannot receive incremental stream'
const RESUME = 'cannot receive resume stream'

function beginFull(
  host: Host,
  words: ReceiveWords,
  begin: Beginning,
  existing: Dataset | undefined,
): Receiving | Answer {
  if (existing !== undefined) {
    const {name, snapshots} = existing
    if (!words.force)
      return complained([`${NEW}: destination '${name}' exists`, 'must specify -F to overwrite it'])
    if (snapshots[0] !== undefined)
      return complained([
        `${NEW}: destination has snapshots (eg. ${name}@${snapshots[0].name})`,
        'must destroy them to overwrite it',
      ])
    if (existing.partial !== undefined) return partialInTheWay(NEW, existing)
    if (existing.encryption !== undefined || begin.flags.raw)
      return complained([`${NEW}: ${FORCE_ENCRYPTED}`])
    return start(host, words, begin, existing, 'hidden', [], NEW)
  }
  const parent = findDataset(host, parentName(words.dataset) ?? '')
  if (parent === undefined) return complained([`${NEW}: dataset does not exist`])
  if (parent.encryption?.keyLoaded === false && !begin.flags.raw)
    return complained([`${NEW}: inherited key must be loaded`])
  if (!begin.more) return complained([`${NEW}: dataset does not exist`])
  const made = addDataset(host, words.dataset, begin.type)
  made.inconsistent = true
  if (begin.flags.raw) made.encryption = {root: made.name, keyLoaded: false}
  return start(host, words, begin, made, 'self', [], NEW)
}

const FORCE_ENCRYPTED =
  'zfs receive -F cannot be used to destroy an encrypted filesystem or overwrite an unencrypted one with an encrypted one'

/** The base is looked for among all snapshots; an unmodified dataset may have newer ones of somebody else (semantics 19). */
function beginIncremental(
  host: Host,
  words: ReceiveWords,
  begin: Beginning,
  dataset: Dataset | undefined,
): Receiving | Answer | 'skip' {
  if (dataset === undefined)
    return complained([`${INCREMENTAL}: destination '${words.dataset}' does not exist`])
  const taken = dataset.snapshots.some(({name}) => name === words.name)
  if (taken && dataset.snapshots.some(({guid}) => guid === begin.toguid)) return 'skip'
  if (dataset.partial !== undefined) return partialInTheWay(INCREMENTAL, dataset)
  if (taken)
    return complained([`cannot restore to ${dataset.name}@${words.name}: destination already exists`])
  const base = dataset.snapshots.find(({guid}) => guid === begin.fromguid)
  if (base === undefined)
    return complained([
      `${INCREMENTAL}: most recent snapshot of ${dataset.name} does not`,
      'match incremental source',
    ])
  const newest = dataset.snapshots.at(-1)
  if (dataset.head !== base.content || (begin.flags.raw && newest !== base)) return modified(dataset)
  if (begin.flags.raw && dataset.encryption === undefined)
    return complained([`${INCREMENTAL}: cannot perform raw receive on top of existing unencrypted dataset`])
  if (!begin.flags.raw && dataset.encryption?.keyLoaded === false)
    return complained([`${INCREMENTAL}: inherited key must be loaded`])
  return start(host, words, begin, dataset, 'hidden', dataset.head, INCREMENTAL)
}

/** Semantics 22. */
function resumeReceive(
  host: Host,
  words: ReceiveWords,
  begin: Beginning,
  dataset: Dataset | undefined,
): Receiving | Answer {
  if (dataset === undefined) return complained([`${RESUME}: destination '${words.dataset}' does not exist`])
  const {partial} = dataset
  if (partial === undefined || partial.toguid !== begin.toguid || partial.fromguid !== begin.fromguid)
    return badStream(RESUME, words)
  if (partial.running) return complained([`${RESUME}: dataset is busy`])
  const replaces = partial.place === 'hidden' && begin.fromguid === undefined
  if (replaces && !words.force) {
    if (!host.profile.tellsResumeNeedsForce) return modified(dataset)
    return complained([
      `${RESUME}: Resuming recv on existing destination '${dataset.name}'`,
      'must specify -F to overwrite it',
    ])
  }
  if (partial.nextBlock !== begin.resumeAt) return badStream(RESUME, words)
  if (!begin.more) return complained([`${RESUME}: incomplete stream`])
  nextTxg(mustFindPool(host, dataset.name))
  partial.running = true
  return {words, dataset, partial, action: RESUME, content: partial.content, applied: 0}
}

function start(
  host: Host,
  words: ReceiveWords,
  begin: Beginning,
  dataset: Dataset,
  place: PartialReceive['place'],
  content: Content,
  action: string,
): Receiving | Answer {
  if (!begin.more) return complained([`${action}: incomplete stream`])
  nextTxg(mustFindPool(host, dataset.name))
  const {toguid, fromguid, toname, creation, flags} = begin
  const onto = dataset.snapshots.at(-1)?.guid
  const state = {place, toguid, fromguid, toname, creation, flags, onto, content}
  dataset.partial = {...state, nextBlock: 0, bytes: 0, running: true}
  return {words, dataset, partial: dataset.partial, action, content, applied: 0}
}

export function applyBlock(receiving: Receiving, block: number, version: number): void {
  const {content, partial} = receiving
  const length = Math.max(content.length, block + 1)
  receiving.content = Array.from({length}, (_, index) => (index === block ? version : (content[index] ?? 0)))
  receiving.applied += 1
  if (receiving.applied % BLOCKS_PER_TXG !== 0) return
  partial.bytes += BLOCKS_PER_TXG * 4096
  partial.content = receiving.content
  partial.nextBlock = block + 1
}

/**
 * The stream ended early or the process was stopped. What is kept depends on `-s` and on whether anything is on disk:
 * of a dataset being created nothing is left when nothing is, an increment always leaves its state (semantics 23).
 */
export function interruptReceive(
  host: Host,
  receiving: Receiving,
  why: 'cut' | 'damaged' | 'stopped',
): Answer {
  const {dataset, partial, action, words} = receiving
  const pool = mustFindPool(host, dataset.name)
  partial.running = false
  nextTxg(pool)
  const kept = words.saves && (partial.nextBlock > 0 || partial.fromguid !== undefined)
  if (!kept) {
    dataset.partial = undefined
    if (partial.place === 'self') pool.datasets.delete(dataset.name)
  }
  const plain = host.profile.tellsIncomplete && why !== 'damaged' ? 'incomplete stream' : 'checksum mismatch'
  const short = host.profile.tellsIncomplete ? plain : 'checksum mismatch or incomplete stream'
  if (!kept) return complained([`${action}: ${short}`])
  return complained([
    `${action}: checksum mismatch or incomplete stream.`,
    'Partially received snapshot is saved.',
    'A resuming stream can be generated on the sending system by running:',
    `    zfs send -t ${resumeTokenOf(dataset)}`,
  ])
}

/** Snapshot, contents and guid change in one transaction, or nothing does (semantics 25, 26). */
export function commitReceive(host: Host, receiving: Receiving): Answer {
  const {dataset, partial, words, action} = receiving
  const pool = mustFindPool(host, dataset.name)
  const newest = dataset.snapshots.at(-1)
  partial.running = false
  if (newest?.guid !== partial.onto) return failAtEnd(receiving, badStream(action, words))
  if (newest !== undefined && dataset.head !== newest.content) return failAtEnd(receiving, modified(dataset))
  if (dataset.snapshots.some(({name}) => name === words.name))
    return failAtEnd(
      receiving,
      complained([`cannot restore to ${dataset.name}@${words.name}: destination already exists`]),
    )
  const {toguid, creation} = partial
  const identity = {name: words.name, guid: toguid, createtxg: nextTxg(pool), creation}
  dataset.snapshots.push({
    ...identity,
    content: receiving.content,
    holds: new Map(),
    deferDestroy: false,
    longHolds: 0,
  })
  noteSnapshotsChanged(host, dataset)
  dataset.head = receiving.content
  dataset.partial = undefined
  dataset.inconsistent = false
  for (const [property, value] of words.override) dataset.properties.set(property, {value, source: 'local'})
  return SILENT
}

function failAtEnd({words, dataset}: Receiving, answer: Answer): Answer {
  if (!words.saves) dataset.partial = undefined
  return answer
}

function partialInTheWay(action: string, {name, partial}: Dataset): Answer {
  const why = partial?.running
    ? 'dataset is busy'
    : `destination ${name} contains partially-complete state from "zfs receive -s".`
  return complained([`${action}: ${why}`])
}

function modified({name}: Dataset): Answer {
  return complained([`${INCREMENTAL}: destination ${name} has been modified`, 'since most recent snapshot'])
}

function badStream(action: string, {saves}: ReceiveWords): Answer {
  const why = saves ? 'kernel modules must be upgraded to receive this stream.' : 'invalid backup stream'
  return complained([`${action}: ${why}`])
}

/** `zfs receive -A D`: what has been received goes, and the dataset with it when it was being created (semantics 30). */
export function* abortReceive(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, 'A', '')
  const [name = ''] = operands
  yield
  const dataset = findDataset(host, name)
  if (dataset === undefined) return complained([cannotOpen(name)])
  const {partial} = dataset
  if (partial === undefined)
    return complained([`'${name}' does not have any resumable receive state to abort`])
  if (partial.running) return complained([`cannot destroy '${name}/%recv': dataset is busy`])
  const pool = mustFindPool(host, name)
  nextTxg(pool)
  dataset.partial = undefined
  if (partial.place === 'self') pool.datasets.delete(name)
  return SILENT
}
