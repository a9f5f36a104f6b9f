import {formatGuidHex, type Guid, parseGuidHex} from '../zfs/name.ts'
import type {Bookmark} from '../zfs/version.ts'
import {type JobId, readJobId} from './job-id.ts'

/** What a bookmark of zrepl's is. `v1` is from before 0.3 and names neither guid nor job; `step-bookmark` is from 0.3's release candidates. */
export type Cursor =
  | {readonly kind: 'cursor' | 'tentative' | 'step-bookmark'; readonly guid: Guid; readonly jobId: JobId}
  | {readonly kind: 'v1'}

/** The name, without dataset, of the bookmark at the last version the receiver has confirmed. */
export function cursorName(guid: Guid, jobId: JobId): string {
  return `${CURSOR}_G_${formatGuidHex(guid)}_J_${jobId}`
}

/** The name, without dataset, of a bookmark that protects a step which may have happened. */
export function tentativeCursorName(guid: Guid, jobId: JobId): string {
  return `${TENTATIVE}_G_${formatGuidHex(guid)}_J_${jobId}`
}

/**
 * What this bookmark is to zrepl; `undefined` for a bookmark that is not zrepl's. The guid in the name must be the
 * bookmark's own and the rest a valid job name: a name alone proves nothing, anybody can give it.
 */
export function readCursor(bookmark: Bookmark): Cursor | undefined {
  if (bookmark.name === V1) return {kind: 'v1'}
  const parts = partsOf(bookmark.name)
  return parts?.guid === bookmark.guid ? parts : undefined
}

/** True for a bookmark named like one of zrepl's, but at another version: never ours to destroy, and worth a warning. */
export function isMisnamedCursor(bookmark: Bookmark): boolean {
  const parts = partsOf(bookmark.name)
  return parts !== undefined && parts.guid !== bookmark.guid
}

const CURSOR = 'zrepl_CURSOR'
/** Ends in an underscore of its own, so that two stand before the `G` of the name. */
const TENTATIVE = 'zrepl_CURSORTENTATIVE_'
const V1 = 'zrepl_replication_cursor'

/** No snapshot has it. */
const NO_GUID = '0000000000000000'

const KINDS: ReadonlyMap<string, 'cursor' | 'tentative' | 'step-bookmark'> = new Map([
  [CURSOR, 'cursor'],
  [TENTATIVE, 'tentative'],
  ['zrepl_STEP', 'step-bookmark'],
  ['zrepl_STEP_bm', 'step-bookmark'],
])

/** Like zrepl's pattern, the first group takes as much as it can: the last possible guid is the one that counts. */
function partsOf(name: string): Exclude<Cursor, {kind: 'v1'}> | undefined {
  const match = /^(.+)_G_([0-9a-f]{16})_J_(.+)$/.exec(name)
  if (match === null) return undefined
  const [, prefix = '', hex = '', job = ''] = match
  const kind = KINDS.get(prefix)
  const jobId = kind === undefined ? undefined : readJobId(job)
  return kind === undefined || jobId === undefined || hex === NO_GUID
    ? undefined
    : {kind, guid: parseGuidHex(hex), jobId}
}
