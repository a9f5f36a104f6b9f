import {addSnapshots, type Dataset, findDataset, findPool, type Host, mustFindPool, nextTxg} from '../pool.ts'
import {type Answer, type Command, cannotOpen, complained, misused, SILENT} from './answer.ts'
import {notModelled, readOptions} from './options.ts'

/** `zfs snapshot a@s b@s`: all of them in one transaction, or none (semantics 1, 2, 5). */
export function* snapshot(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, '', '')
  yield
  const targets: {dataset: Dataset; name: string; full: string}[] = []
  // The names go to the kernel as a set.
  for (const full of new Set(operands)) {
    const [dataset = '', name = ''] = full.split('@')
    const found = findDataset(host, dataset)
    if (found === undefined)
      return misused(cannotOpen(dataset), 'snapshot [-r] [-o property=value] ... <filesystem|volume>@<snap>')
    targets.push({dataset: found, name, full})
  }
  const pool = findPool(host, operands[0] ?? '')
  if (pool === undefined || targets.some(({dataset}) => findPool(host, dataset.name) !== pool))
    throw notModelled(words, 'snapshots in several pools')
  if (new Set(targets.map(({dataset}) => dataset)).size < targets.length)
    return refused(['cannot create snapshots : multiple snapshots of same fs not allowed'])

  const complaints = targets.flatMap(({dataset, name, full}) => {
    if (dataset.snapshots.some((other) => other.name === name))
      return [`cannot create snapshot '${full}': dataset already exists`]
    return dataset.inconsistent ? [`cannot create snapshot '${full}': dataset is busy`] : []
  })
  if (complaints.length > 0) return refused(complaints)
  const txg = nextTxg(pool)
  for (const {dataset, name} of targets) addSnapshots(host, [dataset], name, txg)
  return SILENT
}

function refused(complaints: readonly string[]): Answer {
  return complained([...complaints, 'no snapshots were created'])
}

/** `zfs bookmark D@S D#B` or `D#A D#B` (semantics 12). */
export function* bookmark(host: Host, words: readonly string[]): Command {
  const {operands} = readOptions(words, '', '')
  const [from = '', to = ''] = operands
  yield
  const [name = '', short = ''] = from.split(/[@#]/)
  const dataset = findDataset(host, name)
  const ofBookmark = from.includes('#')
  if (ofBookmark && !host.profile.bookmarksBookmarks)
    return misused(`invalid snapshot name '${from}': must contain a '@'`, 'bookmark <snapshot> <bookmark>')
  const source = (ofBookmark ? dataset?.bookmarks : dataset?.snapshots)?.find((one) => one.name === short)
  if (dataset === undefined || source === undefined)
    return misused(cannotOpen(from), 'bookmark <snapshot|bookmark> <newbookmark>')
  const [target, bookmarkName = ''] = to.split('#')
  if (target !== name)
    return complained([
      `cannot create bookmark '${to}': source is not an ancestor of the new bookmark's dataset`,
    ])
  if (dataset.bookmarks.some((other) => other.name === bookmarkName))
    return complained([`cannot create bookmark '${to}': bookmark exists`])
  nextTxg(mustFindPool(host, name))
  const {guid, createtxg, creation} = source
  dataset.bookmarks.push({name: bookmarkName, guid, createtxg, creation})
  return SILENT
}
