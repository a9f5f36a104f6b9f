import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {ListQuery} from './client.ts'
import {forEachRow} from './for-each-row.ts'
import {type DatasetName, datasetOf, parseBookmarkName, parseCreatetxg, parseDatasetName, parseGuid, parseSnapshotName, shortNameOf} from './name.ts'
import {createQueryScope, type Scope} from './query-scope.ts'
import {byCreatetxg, type Version} from './version.ts'

/**
 * Reads what `listVersionsCommand(query)` printed, decoded as latin1: the versions by dataset, each list in order of
 * createtxg. A dataset without versions has no entry.
 *
 * Rows below a root that was not to be listed recursively are left out. Throws `zfs-output` on anything else that was
 * not asked for, is not understood, or cannot be: a name twice, two snapshots of a dataset with one createtxg.
 */
export function readList(stdout: string, query: ListQuery): ReadonlyMap<DatasetName, readonly Version[]> {
  const scopeOf = createQueryScope(query)
  const histories = new Map<string, History>()
  const seen = new Set<string>()

  function historyOf(dataset: DatasetName): History {
    const known = histories.get(dataset)
    if (known !== undefined) return known
    const history: History = {dataset, scope: scopeOf(dataset), versions: []}
    histories.set(dataset, history)
    return history
  }

  forEachRow('zfs list', stdout, 5, (fields) => {
    const [name = '', guid = '', createtxg = '', creation = '', userrefs = ''] = fields
    const isSnapshot = name.includes('@')
    if (!isSnapshot && !name.includes('#')) return problemOfDatasetRow(scopeOf(parseDatasetName(name)))

    const parsed = isSnapshot ? parseSnapshotName(name) : parseBookmarkName(name)
    const history = historyOf(datasetOf(parsed))
    if (history.scope === 'outside') return 'this dataset was not asked for'
    if (history.scope === 'below') return undefined
    if (seen.has(name)) return 'listed twice'
    seen.add(name)

    const common = {
      filesystem: history.dataset,
      name: shortNameOf(parsed),
      guid: parseGuid(guid),
      createtxg: parseCreatetxg(createtxg),
      creation: parseCreation(creation),
    }
    if (common.creation === undefined) return 'bad creation'
    if (isSnapshot) {
      const holds = parseUserrefs(userrefs)
      if (holds === undefined) return 'bad userrefs'
      history.versions.push({...common, creation: common.creation, kind: 'snapshot', userrefs: holds})
    } else {
      if (userrefs !== '-') return 'a bookmark with userrefs'
      history.versions.push({...common, creation: common.creation, kind: 'bookmark'})
    }
    return undefined
  })

  return inOrder(histories.values())
}

type History = {readonly dataset: DatasetName; readonly scope: Scope; readonly versions: Version[]}

/** Only versions are asked for, but a dataset inside the roots does no harm. */
function problemOfDatasetRow(scope: Scope): string | undefined {
  return scope === 'outside' ? 'this dataset was not asked for' : undefined
}

function inOrder(histories: Iterable<History>): ReadonlyMap<DatasetName, readonly Version[]> {
  const ordered = new Map<DatasetName, readonly Version[]>()
  for (const {dataset, versions} of histories) {
    if (versions.length === 0) continue
    const sorted = versions.sort(byCreatetxg)
    const twin = sorted.find((version, index) => isTwin(version, sorted[index + 1]))
    if (twin !== undefined) {
      throw new OperationalError('zfs-output', `zfs list printed two snapshots of ${quoted(dataset)} with createtxg ${twin.createtxg}`)
    }
    ordered.set(dataset, sorted)
  }
  return ordered
}

/** ZFS never puts two snapshots of one dataset into one transaction group. */
function isTwin(version: Version, next: Version | undefined): boolean {
  return version.kind === 'snapshot' && next?.kind === 'snapshot' && version.createtxg === next.createtxg
}

/** Farther than this from 1970 there are no dates. */
const MAX_SECONDS = 8_640_000_000_000n

/** Seconds since 1970. A clock before 1970 gives a uint64 that means a negative number. */
function parseCreation(text: string): number | undefined {
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
