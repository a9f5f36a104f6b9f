import {
  type Dataset,
  datasetsBelow,
  dependentsOf,
  findDataset,
  type Host,
  mustFindPool,
  nextTxg,
  noteSnapshotsChanged,
  type Snapshot,
} from '../pool.ts'
import {type Answer, type Command, cannotOpen, complained, printed, SILENT} from './answer.ts'
import {notModelled, readOptions} from './options.ts'

/** `zfs destroy` of `D@a,b,c`, of `D#b`, and with `-r` (foreign actors only) of a dataset. */
export function* destroy(host: Host, words: readonly string[]): Command {
  const {flags, operands} = readOptions(words, 'dnprv', '')
  const [operand = ''] = operands
  if (operands.length !== 1 || operand.includes('%')) throw notModelled(words, 'this kind of destroy')
  if (flags.has('n')) return yield* estimate(host, operand)
  if (operand.includes('@')) return yield* destroySnapshots(host, operand, flags.has('d'))
  yield
  return operand.includes('#') ? destroyBookmark(host, operand) : destroyDataset(host, operand, flags)
}

/** `-n -v -p`: the simulator's snapshots take no space. */
function* estimate(host: Host, operand: string): Command {
  const [name = '', list = ''] = operand.split('@')
  yield
  const wanted = new Set(list.split(','))
  const found = findDataset(host, name)?.snapshots.filter((snapshot) => wanted.has(snapshot.name)) ?? []
  return printed(`${found.map((snapshot) => `destroy\t${name}@${snapshot.name}\n`).join('')}reclaim\t0\n`)
}

/** Names are resolved and clones looked for first; then the kernel destroys all of them or none (semantics 9). */
function* destroySnapshots(host: Host, operand: string, defer: boolean): Command {
  const [name = '', list = ''] = operand.split('@')
  yield
  const dataset = findDataset(host, name)
  if (dataset === undefined) return complained([cannotOpen(name)])
  const wanted = new Set(list.split(','))
  const found = dataset.snapshots.filter((snapshot) => wanted.has(snapshot.name))
  if (found.length === 0)
    return complained(['could not find any snapshots to destroy; check snapshot names.'])
  const cloned = defer ? [] : found.flatMap((snapshot) => cloneComplaint(host, dataset, snapshot))
  if (cloned.length > 0) return complained(cloned)
  yield
  const complaints = defer ? [] : found.flatMap((snapshot) => complaintAbout(host, dataset, snapshot))
  if (complaints.length > 0) return complained(complaints)
  nextTxg(mustFindPool(host, name))
  for (const snapshot of found) {
    const stays = defer && (snapshot.holds.size > 0 || dependentsOf(host, dataset, snapshot).length > 0)
    if (stays) snapshot.deferDestroy = true
    else {
      dataset.snapshots = dataset.snapshots.filter((other) => other !== snapshot)
      noteSnapshotsChanged(host, dataset)
    }
  }
  return SILENT
}

function cloneComplaint(host: Host, dataset: Dataset, snapshot: Snapshot): string[] {
  const dependents = dependentsOf(host, dataset, snapshot)
  if (dependents.length === 0) return []
  const head = `cannot destroy '${dataset.name}@${snapshot.name}': snapshot has dependent clones`
  return [head, "use '-R' to destroy the following datasets:", ...dependents]
}

function complaintAbout(host: Host, dataset: Dataset, snapshot: Snapshot): string[] {
  const full = `${dataset.name}@${snapshot.name}`
  if (snapshot.holds.size > 0 && host.profile.tellsHeld)
    return [`cannot destroy snapshot ${full}: it's being held. Run 'zfs holds -r ${full}' to see holders.`]
  if (snapshot.holds.size > 0 || snapshot.longHolds > 0)
    return [`cannot destroy snapshot ${full}: dataset is busy`]
  if (dependentsOf(host, dataset, snapshot).length > 0)
    return [`cannot destroy snapshot ${full}: snapshot is cloned`]
  return []
}

/** Semantics 10: one that is missing is an error. */
function destroyBookmark(host: Host, operand: string): Answer {
  const [name = '', short = ''] = operand.split('#')
  const dataset = findDataset(host, name)
  const bookmark = dataset?.bookmarks.find((one) => one.name === short)
  if (dataset === undefined || bookmark === undefined)
    return complained([`bookmark '${operand}' does not exist.`])
  nextTxg(mustFindPool(host, name))
  dataset.bookmarks = dataset.bookmarks.filter((other) => other !== bookmark)
  return SILENT
}

function destroyDataset(host: Host, name: string, flags: ReadonlySet<string>): Answer {
  const dataset = findDataset(host, name)
  if (dataset === undefined) return complained([cannotOpen(name)])
  const below = datasetsBelow(host, name)
  if (!flags.has('r') && (below.length > 0 || dataset.snapshots.length > 0))
    return complained([
      `cannot destroy '${name}': filesystem has children`,
      "use '-r' to destroy the following datasets:",
      ...below.map((child) => child.name),
    ])
  if (
    [dataset, ...below].some((one) => one.partial?.running || one.snapshots.some(({holds}) => holds.size > 0))
  )
    return complained([`cannot destroy '${name}': dataset is busy`])
  const pool = mustFindPool(host, name)
  nextTxg(pool)
  for (const one of [dataset, ...below]) pool.datasets.delete(one.name)
  return SILENT
}
