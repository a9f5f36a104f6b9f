import {encodeResumeToken} from '../../unit/zfs/encode-resume-token.ts'
import {
  type Bookmark,
  type Dataset,
  findDataset,
  type Host,
  mustFindPool,
  nextTxg,
  parentName,
} from '../pool.ts'
import {type Command, cannotOpen, complained, misused, SILENT} from './answer.ts'
import {datasetsOf, listed} from './listing.ts'
import {notModelled, readOptions} from './options.ts'

/** Where a value comes from, by the words of `zfs get -s`. */
type Source = 'local' | 'default' | 'none' | 'inherited' | 'received'

/** `zfs get` of filesystems, volumes and perhaps bookmarks, with the rows of sources that were not asked for left out. */
export function* getProperties(host: Host, words: readonly string[]): Command {
  const {flags, values, operands} = readOptions(words, 'Hpr', 'dtso')
  const [wanted = '', ...roots] = operands
  const columns = values('o')[0]
  const withValues = columns === 'name,property,value,source'
  const types = values('t')[0] ?? ''
  if (!/^filesystem,volume(,bookmark)?$/.test(types) || !(withValues || columns === 'name,property,source'))
    throw notModelled(words, 'this kind of get')
  const sources = new Set(values('s')[0]?.split(','))
  if (wanted.includes('snapshots_changed') && !host.profile.tellsSnapshotsChanged)
    return misused(`bad property list: invalid property 'snapshots_changed'`, 'get …')
  yield
  const {found, missing} = datasetsOf(host, roots, flags.has('r'))
  const properties = wanted.split(',')
  const rows: string[] = []
  const add = (name: string, property: string, {value, source, from}: Found) => {
    const shown = source === 'none' ? '-' : from === undefined ? source : `inherited from ${from}`
    if (sources.has(source)) rows.push(`${name}\t${property}\t${withValues ? `${value}\t` : ''}${shown}`)
  }
  for (const dataset of found) {
    for (const property of properties) add(dataset.name, property, propertyOf(host, dataset, property))
    if (types.endsWith('bookmark'))
      for (const bookmark of dataset.bookmarks)
        for (const property of properties)
          add(`${dataset.name}#${bookmark.name}`, property, ofBookmark(bookmark, property))
  }
  return listed(rows, missing)
}

function ofBookmark({guid, createtxg, creation}: Bookmark, property: string): Found {
  const values = new Map([
    ['type', 'bookmark'],
    ['guid', guid],
    ['createtxg', String(createtxg)],
    ['creation', String(creation)],
  ])
  return {value: values.get(property) ?? '-', source: 'none'}
}

type Found = {readonly value: string; readonly source: Source; readonly from?: string}

const NOT_THERE: Found = {value: '-', source: 'none'}

function propertyOf(host: Host, dataset: Dataset, property: string): Found {
  switch (property) {
    case 'type':
      return {value: dataset.type, source: 'none'}
    case 'receive_resume_token':
      return {value: resumeTokenOf(dataset) ?? '-', source: 'none'}
    case 'encryption':
      return dataset.encryption === undefined
        ? {value: 'off', source: 'default'}
        : {value: 'aes-256-gcm', source: 'none'}
    case 'keystatus':
      return dataset.encryption === undefined
        ? NOT_THERE
        : {value: dataset.encryption.keyLoaded ? 'available' : 'unavailable', source: 'none'}
    case 'written':
      return {value: String(writtenSince(dataset)), source: 'none'}
    case 'guid':
      return {value: dataset.guid, source: 'none'}
    case 'createtxg':
      return {value: String(dataset.createtxg), source: 'none'}
    case 'creation':
      return {value: '0', source: 'none'}
    case 'snapshots_changed':
      return dataset.snapshotsChanged === 0
        ? NOT_THERE
        : {value: String(dataset.snapshotsChanged), source: 'none'}
    case 'origin':
      return dataset.origin === undefined
        ? NOT_THERE
        : {value: `${dataset.origin.dataset}@${dataset.origin.guid}`, source: 'none'}
    default:
      return inheritable(host, dataset, property)
  }
}

/** Some bytes for each block that is not what the newest snapshot has. */
function writtenSince({head, snapshots}: Dataset): number {
  const base = snapshots.at(-1)?.content ?? []
  return head === base ? 0 : 4096 * Math.max(1, head.filter((block, at) => block !== base[at]).length)
}

/** User properties and those of which only the stored value matters: inherited from the nearest that has one. */
function inheritable(host: Host, dataset: Dataset, property: string): Found {
  const own = dataset.properties.get(property)
  if (own !== undefined) return own
  for (let name = parentName(dataset.name); name !== undefined; name = parentName(name)) {
    const value = findDataset(host, name)?.properties.get(property)?.value
    if (value !== undefined) return {value, source: 'inherited', from: name}
  }
  return NOT_THERE
}

/** The token of a partial receive; shown while a receive is running as well. */
export function resumeTokenOf({name, partial}: Dataset): string | undefined {
  if (partial === undefined) return undefined
  const {toguid, fromguid, toname, nextBlock, bytes, flags} = partial
  return encodeResumeToken({
    toguid: BigInt(toguid),
    ...(fromguid === undefined ? {} : {fromguid: BigInt(fromguid)}),
    toname: toname === '' ? name : toname,
    object: BigInt(nextBlock),
    offset: 0n,
    bytes: BigInt(bytes),
    ...flags,
  })
}

/** `zfs set property=value D`. */
export function* setProperty(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, '', '')
  const [assignment = '', name = ''] = operands
  yield
  const dataset = findDataset(host, name)
  if (dataset === undefined) return complained([cannotOpen(name)])
  const [property = '', value = ''] = assignment.split('=')
  nextTxg(mustFindPool(host, name))
  dataset.properties.set(property, {value, source: 'local'})
  return SILENT
}

/** `zfs inherit property D`. */
export function* inheritProperty(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, '', '')
  const [property = '', name = ''] = operands
  yield
  const dataset = findDataset(host, name)
  if (dataset === undefined) return complained([cannotOpen(name)])
  nextTxg(mustFindPool(host, name))
  dataset.properties.delete(property)
  return SILENT
}
