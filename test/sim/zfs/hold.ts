import {findDataset, type Host, mustFindPool, nextTxg, noteSnapshotsChanged, secondsOf} from '../pool.ts'
import {type Command, cannotOpen, complained, SILENT} from './answer.ts'
import {readOptions} from './options.ts'

/** `zfs hold TAG snapshots`: one after the other, whatever becomes of the others (semantics 6). */
export function* hold(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, '', '')
  const [tag = '', ...names] = operands
  if (tag.startsWith('.')) return complained(["tag may not start with '.'", 'usage:', ''], {exitCode: 2})
  const complaints: string[] = []
  for (const full of names) {
    yield
    const found = find(host, full)
    if (found.dataset === undefined) complaints.push(cannotOpen(full.split('@')[0] ?? ''))
    else if (found.snapshot === undefined)
      complaints.push(`cannot hold snapshot '${full}': dataset does not exist`)
    else if (tag.length > 255) complaints.push(`cannot hold snapshot '${full}': tag too long`)
    else if (found.snapshot.holds.has(tag))
      complaints.push(`cannot hold snapshot '${full}': tag already exists on this dataset`)
    else {
      nextTxg(mustFindPool(host, full))
      found.snapshot.holds.set(tag, secondsOf(host))
    }
  }
  return complaints.length === 0 ? SILENT : complained(complaints)
}

/** `zfs release TAG snapshots`. The last hold of a snapshot whose destruction was deferred lets it go (semantics 7, 8). */
export function* release(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, '', '')
  const [tag = '', ...names] = operands
  const complaints: string[] = []
  for (const full of names) {
    yield
    const {dataset, snapshot} = find(host, full)
    if (dataset === undefined) complaints.push(cannotOpen(full.split('@')[0] ?? ''))
    else if (snapshot === undefined)
      complaints.push(`cannot release hold from snapshot '${full}': dataset does not exist`)
    else if (!snapshot.holds.delete(tag))
      complaints.push(`cannot release hold from snapshot '${full}': no such tag on this dataset`)
    else {
      nextTxg(mustFindPool(host, full))
      if (snapshot.deferDestroy && snapshot.holds.size === 0) {
        dataset.snapshots = dataset.snapshots.filter((other) => other !== snapshot)
        noteSnapshotsChanged(host, dataset)
      }
    }
  }
  return complaints.length === 0 ? SILENT : complained(complaints)
}

function find(host: Host, full: string) {
  const [name = '', short = ''] = full.split('@')
  const dataset = findDataset(host, name)
  return {dataset, snapshot: dataset?.snapshots.find((snapshot) => snapshot.name === short)}
}
