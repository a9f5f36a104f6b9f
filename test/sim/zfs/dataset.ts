import {
  addDataset,
  type Dataset,
  datasetsBelow,
  dependentsOf,
  findDataset,
  type Host,
  mustFindPool,
  nextTxg,
  noteSnapshotsChanged,
  parentName,
  putDataset,
} from '../pool.ts'
import {type Command, cannotOpen, complained, SILENT} from './answer.ts'
import {readOptions} from './options.ts'

/** `zfs create [-o property=value] D`. */
export function* create(host: Host, words: readonly string[]): Command {
  const {values, operands} = readOptions(words, 'u', 'o')
  const [name = ''] = operands
  yield
  if (findDataset(host, parentName(name) ?? '') === undefined)
    return complained([`cannot create '${name}': parent does not exist`])
  if (findDataset(host, name) !== undefined)
    return complained([`cannot create '${name}': dataset already exists`])
  const dataset = addDataset(host, name, 'filesystem')
  for (const assignment of values('o')) {
    const [property = '', value = ''] = assignment.split('=')
    if (property === 'encryption' && value === 'off') dataset.encryption = undefined
    else dataset.properties.set(property, {value, source: 'local'})
  }
  return SILENT
}

/** `zfs rename A B`: snapshots, bookmarks and holds move along, guids stay (semantics 34). For foreign actors. */
export function* rename(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, '', '')
  const [from = '', to = ''] = operands
  yield
  if (from.includes('@')) return yield* renameSnapshot(host, from, to)
  const dataset = findDataset(host, from)
  if (dataset === undefined) return complained([cannotOpen(from)])
  if (to === from) return SILENT
  if (findDataset(host, to) !== undefined)
    return complained([`cannot rename '${from}': dataset already exists`])
  const moving = [dataset, ...datasetsBelow(host, from)]
  if (moving.some(({partial}) => partial?.running))
    return complained([`cannot rename '${from}': dataset is busy`])
  const pool = mustFindPool(host, from)
  nextTxg(pool)
  const newName = (name: string) =>
    name === from || name.startsWith(`${from}/`) ? to + name.slice(from.length) : name
  for (const one of moving) pool.datasets.delete(one.name)
  for (const one of moving) {
    one.name = newName(one.name)
    putDataset(pool, one)
  }
  for (const one of pool.datasets.values())
    if (one.origin !== undefined) one.origin = {...one.origin, dataset: newName(one.origin.dataset)}
  return SILENT
}

function* renameSnapshot(host: Host, from: string, to: string): Command {
  const [name = '', short = ''] = from.split('@')
  const dataset = findDataset(host, name)
  const snapshot = dataset?.snapshots.find((one) => one.name === short)
  if (dataset === undefined || snapshot === undefined) return complained([cannotOpen(from)])
  if (to === from) return SILENT
  if (to.slice(0, to.indexOf('@')) !== name)
    return complained([`cannot rename to '${to}': snapshots must be part of same dataset`])
  const newShort = to.slice(to.indexOf('@') + 1)
  if (dataset.snapshots.some((one) => one.name === newShort))
    return complained([`cannot rename '${from}': dataset already exists`])
  nextTxg(mustFindPool(host, name))
  snapshot.name = newShort
  noteSnapshotsChanged(host, dataset)
  const taken = host.nature.taken.get(snapshot.guid)
  if (taken !== undefined) host.nature.taken.set(snapshot.guid, {...taken, names: [...taken.names, newShort]})
  return SILENT
}

/**
 * `zfs rollback [-r] D@S`: with `-r` everything newer goes, bookmarks too (semantics 33), unless something is based on it.
 * For foreign actors.
 */
export function* rollback(host: Host, words: readonly string[]): Command {
  const {flags, operands} = readOptions(words, 'r', '')
  const [full = ''] = operands
  yield
  const [name = '', short = ''] = full.split('@')
  const dataset = findDataset(host, name)
  const target = dataset?.snapshots.find((snapshot) => snapshot.name === short)
  if (dataset === undefined || target === undefined) return complained([cannotOpen(full)])
  const newer = ({createtxg}: {createtxg: number}) => createtxg > target.createtxg
  const doomed = dataset.snapshots.filter(newer)
  if (!flags.has('r') && (doomed.length > 0 || dataset.bookmarks.some(newer)))
    return complained([`cannot rollback to '${full}': more recent snapshots or bookmarks exist`])
  const clones = doomed.flatMap((snapshot) => dependentsOf(host, dataset, snapshot))
  if (clones.length > 0)
    return complained([
      `cannot rollback to '${full}': clones of previous snapshots exist`,
      "use '-R' to force deletion of the following clones and dependents:",
      ...clones,
    ])
  const held = doomed.find(({holds}) => holds.size > 0)
  if (held !== undefined) return complained([`cannot destroy '${name}@${held.name}': dataset is busy`])
  nextTxg(mustFindPool(host, name))
  if (doomed.length > 0) noteSnapshotsChanged(host, dataset)
  dataset.snapshots = dataset.snapshots.filter((one) => !newer(one))
  dataset.bookmarks = dataset.bookmarks.filter((one) => !newer(one))
  dataset.head = target.content
  return SILENT
}

/** `zfs clone D@S C`. For foreign actors. */
export function* clone(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, '', '')
  const [full = '', to = ''] = operands
  yield
  const [name = '', short = ''] = full.split('@')
  const origin = findDataset(host, name)
  const snapshot = origin?.snapshots.find((one) => one.name === short)
  if (origin === undefined || snapshot === undefined) return complained([cannotOpen(full)])
  if (findDataset(host, to) !== undefined)
    return complained([`cannot create '${to}': dataset already exists`])
  const made: Dataset = addDataset(host, to, origin.type)
  made.origin = {dataset: name, guid: snapshot.guid}
  made.head = snapshot.content
  return SILENT
}
