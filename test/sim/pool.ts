import type {Profile} from './profile.ts'
import {newGuid, type Random} from './random.ts'

/**
 * What is on the pools of a host. Plain mutable data without methods: commands and foreign actors change it, invariants
 * read it, and a world is copied by copying it. Guids are decimal text, as everywhere in the program.
 */
export type RunsAs = 'root' | 'user'

export type Host = {
  readonly name: string
  readonly profile: Profile
  readonly nature: Nature
  /** Whose rights the program has: channel programs are for root, also where `zfs allow` permits all else. */
  readonly runsAs: RunsAs
  readonly pools: Map<string, Pool>
  /** How far this host's clock is ahead of the others', milliseconds. */
  skewMs: number
}

/** What all hosts of a world share: chance, time, and how often anything was written. */
export type Nature = {
  readonly random: Random
  nowMs: number
  writes: number
  /** Of every snapshot that was ever taken, also of those that are gone, by guid. */
  readonly taken: Map<string, Taken>
}

/** What a snapshot was when it was taken: what every copy of it has to be, under one of the names it has had. */
export type Taken = {
  readonly names: readonly string[]
  readonly creation: number
  readonly content: Content
}

export type Pool = {
  readonly name: string
  /** Grows with every change. */
  txg: number
  /** Another one after each import. */
  loadGuid: string
  /** By full name, parents before children as in `zfs list`: see `putDataset`. */
  readonly datasets: Map<string, Dataset>
}

export type Dataset = {
  name: string
  readonly type: 'filesystem' | 'volume'
  guid: string
  readonly createtxg: number
  /** An initial receive that is not through: visible, and good for nothing else. */
  inconsistent: boolean
  /** The snapshot this is a clone of. */
  origin: {readonly dataset: string; readonly guid: string} | undefined
  readonly properties: Map<string, Property>
  encryption: Encryption | undefined
  head: Content
  /** Oldest first. */
  snapshots: Snapshot[]
  bookmarks: Bookmark[]
  partial: PartialReceive | undefined
  /** When a snapshot was last made, renamed or destroyed, in seconds by the clock of the host; 0 for never. */
  snapshotsChanged: number
}

export type Property = {readonly value: string; readonly source: 'local' | 'received'}

/** Lineage only: nothing is ever encrypted. */
export type Encryption = {readonly root: string; keyLoaded: boolean}

/** Version of each block, counted over the whole world, 0 where nothing was written. Never changed in place. */
export type Content = readonly number[]

export type Snapshot = {
  name: string
  readonly guid: string
  readonly createtxg: number
  readonly creation: number
  readonly content: Content
  /** Time of each hold by its tag. */
  readonly holds: Map<string, number>
  deferDestroy: boolean
  /** Sends of it that are running. */
  longHolds: number
}

export type Bookmark = {
  readonly name: string
  readonly guid: string
  readonly createtxg: number
  readonly creation: number
}

/** What `zfs receive` works on until it commits, and with `-s` leaves behind when it does not get there. */
export type PartialReceive = {
  /** `self`: the dataset is being created. `hidden`: in `D/%recv`, beside a dataset that exists. */
  readonly place: 'self' | 'hidden'
  readonly toguid: string
  readonly fromguid: string | undefined
  readonly toname: string
  readonly creation: number
  readonly flags: StreamFlags
  /** Newest snapshot when it began; a base that is lost or moved on is noticed at the end. */
  readonly onto: string | undefined
  /** As far as it is on disk: a resumed stream goes on at this block. */
  content: Content
  nextBlock: number
  bytes: number
  /** A process is working on it. */
  running: boolean
}

export type StreamFlags = {
  readonly raw: boolean
  readonly compressed: boolean
  readonly embedded: boolean
  readonly largeBlocks: boolean
}

export function createHost(name: string, profile: Profile, nature: Nature, runsAs: RunsAs = 'root'): Host {
  return {name, profile, nature, runsAs, pools: new Map(), skewMs: 0}
}

/** Makes a pool with its root dataset. */
export function addPool(host: Host, name: string): Pool {
  const pool: Pool = {name, txg: 1000, loadGuid: '1', datasets: new Map()}
  putInOrder(host.pools, pool)
  addDataset(host, name, 'filesystem')
  return pool
}

export function addDataset(host: Host, name: string, type: Dataset['type']): Dataset {
  const pool = mustFindPool(host, name)
  const parent = pool.datasets.get(parentName(name) ?? '')
  const dataset: Dataset = {
    name,
    type,
    guid: newGuid(host.nature.random, []),
    createtxg: nextTxg(pool),
    inconsistent: false,
    origin: undefined,
    properties: new Map(),
    encryption: parent?.encryption && {...parent.encryption},
    head: [],
    snapshots: [],
    bookmarks: [],
    partial: undefined,
    snapshotsChanged: 0,
  }
  putDataset(pool, dataset)
  return dataset
}

/** Puts a dataset where it belongs among the others of its pool. */
export function putDataset({datasets}: Pool, dataset: Dataset): void {
  putInOrder(datasets, dataset)
}

function putInOrder<T extends {readonly name: string}>(all: Map<string, T>, added: T): void {
  const later = Array.from(all.values()).filter(({name}) => compareNames(name, added.name) > 0)
  for (const {name} of later) all.delete(name)
  for (const one of [added, ...later]) all.set(one.name, one)
}

/** Takes one snapshot of each of `datasets`, all in the transaction `txg`. */
export function addSnapshots(host: Host, datasets: readonly Dataset[], name: string, txg: number): void {
  for (const dataset of datasets) {
    const guid = newGuid(host.nature.random, host.nature.taken.keys())
    const taken: Taken = {names: [name], creation: secondsOf(host), content: dataset.head}
    host.nature.taken.set(guid, taken)
    const {creation, content} = taken
    const own = {holds: new Map<string, number>(), deferDestroy: false, longHolds: 0}
    dataset.snapshots.push({name, guid, createtxg: txg, creation, content, ...own})
    noteSnapshotsChanged(host, dataset)
  }
}

/** To be called by whoever makes, renames or destroys a snapshot; not for bookmarks and holds. */
export function noteSnapshotsChanged(host: Host, dataset: Dataset): void {
  dataset.snapshotsChanged = secondsOf(host)
}

/** Writes into a block: the dataset is now modified since its newest snapshot. */
export function writeBlock(host: Host, dataset: Dataset, block: number): void {
  host.nature.writes += 1
  const content = Array.from({length: Math.max(dataset.head.length, block + 1)}, (_, index) =>
    index === block ? host.nature.writes : (dataset.head[index] ?? 0),
  )
  dataset.head = content
}

/** The pool of a dataset, snapshot or bookmark. */
export function findPool(host: Host, name: string): Pool | undefined {
  for (const pool of host.pools.values()) {
    const next = name.charAt(pool.name.length)
    if (name.startsWith(pool.name) && (next === '' || next === '/' || next === '@' || next === '#'))
      return pool
  }
  return undefined
}

export function mustFindPool(host: Host, name: string): Pool {
  const pool = findPool(host, name)
  if (pool === undefined) throw new Error(`${host.name} has no pool for ${name}`)
  return pool
}

export function findDataset(host: Host, name: string): Dataset | undefined {
  for (const {datasets} of host.pools.values()) {
    const dataset = datasets.get(name)
    if (dataset !== undefined) return dataset
  }
  return undefined
}

export function mustFindDataset(host: Host, name: string): Dataset {
  const dataset = findDataset(host, name)
  if (dataset === undefined) throw new Error(`${host.name} has no dataset ${name}`)
  return dataset
}

/** `D@S`. */
export function findSnapshot(host: Host, name: string): Snapshot | undefined {
  const [dataset = '', short = ''] = name.split('@')
  return findDataset(host, dataset)?.snapshots.find((snapshot) => snapshot.name === short)
}

/** In order of their names. */
export function allDatasets(host: Host): Dataset[] {
  const all: Dataset[] = []
  for (const {datasets} of host.pools.values()) for (const dataset of datasets.values()) all.push(dataset)
  return all
}

/** The datasets below `name`, without it, in order of their names. */
export function datasetsBelow(host: Host, name: string): Dataset[] {
  const below: Dataset[] = []
  for (const dataset of findPool(host, name)?.datasets.values() ?? [])
    if (dataset.name.startsWith(name) && dataset.name.charAt(name.length) === '/') below.push(dataset)
  return below
}

/** What is based on a snapshot and keeps it from being destroyed: clones, and the `%recv` of a partial receive. */
export function dependentsOf(host: Host, dataset: Dataset, snapshot: Snapshot): string[] {
  const dependents: string[] = []
  for (const {origin, name} of mustFindPool(host, dataset.name).datasets.values())
    if (origin !== undefined && origin.dataset === dataset.name && origin.guid === snapshot.guid)
      dependents.push(name)
  const {partial} = dataset
  if (partial?.place === 'hidden' && partial.onto === snapshot.guid) dependents.push(`${dataset.name}/%recv`)
  return dependents
}

export function nextTxg(pool: Pool): number {
  pool.txg += 1
  return pool.txg
}

/** Whole seconds by this host's clock. */
export function secondsOf(host: Host): number {
  return Math.floor((host.nature.nowMs + host.skewMs) / 1000)
}

export function parentName(name: string): string | undefined {
  const slash = name.lastIndexOf('/')
  return slash === -1 ? undefined : name.slice(0, slash)
}

/** Parents before children: a slash sorts before every other character, as in `zfs list`. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left !== right) return left === SLASH || (right !== SLASH && left < right) ? -1 : 1
  }
  return a.length - b.length
}

const SLASH = 0x2f

/** An independent copy, sharing `nature` with the copies of the other hosts. */
export function copyHost(host: Host, nature: Nature): Host {
  const pools = new Map<string, Pool>()
  for (const {name, txg, loadGuid, datasets} of host.pools.values()) {
    const copies = new Map<string, Dataset>()
    for (const dataset of datasets.values()) copies.set(dataset.name, copyDataset(dataset))
    pools.set(name, {name, txg, loadGuid, datasets: copies})
  }
  const {name, profile, runsAs, skewMs} = host
  return {name, profile, nature, runsAs, pools, skewMs}
}

export function copyDataset(dataset: Dataset): Dataset {
  const {encryption, partial} = dataset
  return {
    ...dataset,
    properties: new Map(dataset.properties),
    encryption: encryption && {...encryption},
    snapshots: dataset.snapshots.map((snapshot) => ({...snapshot, holds: new Map(snapshot.holds)})),
    bookmarks: [...dataset.bookmarks],
    partial: partial && {...partial},
  }
}
